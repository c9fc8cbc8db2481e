"""The laws: from the tally of a run to its figures.

X is the throughput, S the time in the app, R the response time, Z the time a user thinks, N the users:

* utilization law: CPU utilization = X · C, with C the CPU time of a request. C comes from the workers' own CPU
  counters, so gunicorn's share of a request is in it.
* Little's law: busy slots = X · S. Also for one worker alone.
* asymptotic bounds: X ≤ min(N / (S + Z), slots / S, min(workers, vCPU) / C). The last term has the workers
  because Python code of one process runs on one core at a time (the GIL).

Peter J. Denning, Jeffrey P. Buzen: "The Operational Analysis of Queueing Network Models", ACM Computing Surveys
10(3), 1978. John D. C. Little: "A Proof for the Queuing Formula L = λW", Operations Research 9(3), 1961.

Times are in s. docs/how-it-measures.md says what the figures cannot tell.
"""

from __future__ import annotations

from dataclasses import dataclass

from explain_server_timing import Setting
from explain_tally import Tally, Worker

MS = 1e3  # in one second


@dataclass(frozen=True)
class WorkerFigures:
    """One worker.

    Attributes:
        pid: its process.
        requests: number of responses.
        share: of all responses.
        cores: CPU seconds a second.
        slots_busy: requests in its app at a time, by Little's law.
        rss_mb: resident memory.
    """

    pid: int
    requests: int
    share: float
    cores: float
    slots_busy: float
    rss_mb: float


@dataclass(frozen=True)
class Figures:
    """What the laws give for a run with the header; the names are those in this module's docstring.

    Attributes:
        setting: gunicorn's.
        slots: requests that can be in the app at a time; None if the worker class has no bound that is known.
        users: N.
        rate: X, of all requests, in 1/s.
        response, wait, app: means over the requests with a header, in s.
        queue: mean wait above that of the test's first requests, which found free slots, or above the shortest waits
            (their 10th percentile), in s: what is left of the wait without the wire, which all requests share.
        think: Z, in s.
        busy: slots in the app at a time.
        held: the same with gunicorn's own CPU time for a request, during which the slot is taken, too.
        cores: CPU seconds of all workers a second.
        cpu: C, in s.
        rss_mb: mean resident memory of a worker.
        memory_mb: of all workers.
        workers: most requests first.
    """

    setting: Setting
    slots: int | None
    users: int
    rate: float
    response: float
    wait: float
    app: float
    queue: float
    think: float
    busy: float
    held: float
    cores: float
    cpu: float
    rss_mb: float
    memory_mb: float
    workers: tuple[WorkerFigures, ...]

    @property
    def cpu_utilization(self) -> float:
        """Share of the plan's CPU in use."""
        return self.cores / self.setting.vcpu

    @property
    def reachable_cores(self) -> int:
        """The cores that this many workers can use."""
        return min(self.setting.workers, self.setting.vcpu)

    @property
    def shares(self) -> list[float]:
        """The workers' shares; one 0 stands for all those of which no response was seen."""
        unseen = [0.0] if len(self.workers) < self.setting.workers else []
        return [worker.share for worker in self.workers] + unseen

    def bounds(self, slots: int | None, workers: int, vcpu: int | None = None) -> dict[str, float | None]:
        """Return the three bounds on the throughput for a setting, in 1/s; None where there is no bound."""
        return {
            "slots_rps": ratio(slots, self.app) if slots else None,
            "cpu_rps": ratio(min(workers, vcpu or self.setting.vcpu), self.cpu),
            "users_rps": ratio(self.users, self.app + self.think),
        }


def slots_of(setting: Setting) -> int | None:
    """Return how many requests gunicorn's own classes serve at a time.

    A sync worker serves one, whatever `threads` says. Event loops (gevent, eventlet, tornado, an ASGI worker) take
    `worker_connections` requests each, which the header does not carry and which is not what limits them.
    """
    if setting.worker_class == "sync":
        return setting.workers
    return setting.workers * setting.threads if setting.worker_class == "gthread" else None


def ratio(numerator: float, denominator: float) -> float | None:
    """Divide; None by zero."""
    return numerator / denominator if denominator > 0 else None


def cpu_seconds(worker: Worker) -> float:
    """Return the CPU seconds that a worker used for its requests.

    n responses span n - 1 intervals, while the requests of n intervals are counted.
    """
    n = worker.requests
    return (worker.cpu_last - worker.cpu_first) * n / (n - 1) if n > 1 else 0.0


def figures(tally: Tally, users: int, seconds: float) -> Figures | None:
    """Apply the laws; None without a response that has the header.

    Args:
        tally: the requests that ended within the window.
        users: N.
        seconds: the window's length.
    """
    setting, timed = tally.setting, tally.app.count
    if setting is None or not timed or seconds <= 0:
        return None
    workers = tuple(
        WorkerFigures(
            pid=pid,
            requests=worker.requests,
            share=worker.requests / timed,
            cores=cpu_seconds(worker) / seconds,
            slots_busy=worker.app_ms / MS / seconds,
            rss_mb=worker.rss_mb,
        )
        for pid, worker in sorted(tally.workers.items(), key=lambda item: -item[1].requests)
    )
    app, wait = tally.app.total / timed / MS, tally.wait.total / timed / MS
    cores = sum(worker.cores for worker in workers)
    cpu = cores * seconds / timed
    in_server = cpu - tally.cpu_ms / timed / MS  # what gunicorn itself needs for a request
    rss_mb = sum(worker.rss_mb for worker in workers) / len(workers)
    rate = timed / seconds
    shortest = [value for value in (tally.wait.percentile(10), tally.first_wait_ms) if value is not None]
    return Figures(
        setting=setting,
        slots=slots_of(setting),
        users=users,
        rate=tally.requests / seconds,
        response=tally.timed_response_ms / timed / MS,
        wait=wait,
        app=app,
        queue=max(0.0, wait - min(shortest, default=0.0) / MS),
        think=max(0.0, tally.think_ms / tally.thinks / MS) if tally.thinks else 0.0,
        busy=rate * app,
        held=rate * (app + max(0.0, in_server)),
        cores=cores,
        cpu=cpu,
        rss_mb=rss_mb,
        memory_mb=rss_mb * setting.workers,  # of which a worker without a request was not seen
        workers=workers,
    )
