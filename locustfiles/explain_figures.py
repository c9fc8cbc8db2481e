"""From the tally of a run to its figures, by the laws. Times are in s."""

from __future__ import annotations

from dataclasses import dataclass

from explain_laws import CPU_FULL, Bounds, Demand, bounds, in_use, slots_of
from explain_server_timing import Setting
from explain_tally import Tally, Worker
from explain_types import WorkerFigures

MS = 1e3  # in one second


@dataclass(frozen=True)
class Figures:
    """What the laws give for a run with the header; the letters are those of explain_laws.

    Attributes:
        setting: gunicorn's.
        slots: requests that can be in the app at a time; None if the worker class has no bound that is known.
        users: N.
        rate: X, of all requests, in 1/s.
        response, wait, app: means over the requests with a header, in s.
        queue: mean wait above that of the test's first requests, which found free slots, or above the shortest waits
            (their 10th percentile), in s: what is left of the wait without the wire, which all requests share.
        think: Z, in s; 0 where no pause was seen.
        busy: slots in the app at a time.
        held: the same with gunicorn's own CPU time for a request, during which the slot is taken, too.
        cores: CPU seconds of all workers a second.
        cpu: C, in s, from the workers' own CPU counters, so that gunicorn's share of a request is in it; 0 where they
            have not moved.
        memory_each_mb: mean resident memory of a worker.
        workers: most requests first.
        demand: S, C and Z.
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
    memory_each_mb: float
    workers: tuple[WorkerFigures, ...]
    demand: Demand

    @property
    def cpu_utilization(self) -> float:
        """Share of the plan's CPU in use."""
        return self.cores / self.setting.vcpu

    @property
    def cpu_full(self) -> bool:
        """Whether the workers use up the cores that so many of them can reach."""
        return self.cores >= CPU_FULL * self.reachable_cores

    @property
    def reachable_cores(self) -> int:
        return min(self.setting.workers, self.setting.vcpu)

    @property
    def bounds(self) -> Bounds:
        """The bounds of the setting in force."""
        return bounds(self.demand, self.users, self.setting.workers, self.slots, self.setting.vcpu)

    @property
    def memory_mb(self) -> float:
        """Resident memory of all workers, of which one without a request was not seen."""
        return self.memory_each_mb * self.setting.workers

    @property
    def shares(self) -> list[float]:
        """The workers' shares; one 0 stands for all those of which no response was seen."""
        unseen = [0.0] if len(self.workers) < self.setting.workers else []
        return [worker.share for worker in self.workers] + unseen


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
            slots_busy=worker.app_ms / MS / seconds,
            cpu_cores=cpu_seconds(worker) / seconds,
            memory_mb=worker.rss_mb,
        )
        for pid, worker in sorted(tally.workers.items(), key=lambda item: -item[1].requests)
    )
    slots = slots_of(setting.workers, setting.threads, setting.worker_class)
    app, wait = tally.app.total / timed / MS, tally.wait.total / timed / MS
    cores = sum(worker.cpu_cores for worker in workers)
    rate = timed / seconds
    cpu = cores / rate  # the utilization law
    think = max(0.0, tally.think_ms / tally.thinks / MS) if tally.thinks else None
    in_server = cpu - tally.cpu_ms / timed / MS  # what gunicorn itself needs for a request
    shortest = [value for value in (tally.wait.percentile(10), tally.first_wait_ms) if value is not None]
    return Figures(
        setting=setting,
        slots=slots,
        users=users,
        rate=tally.requests / seconds,
        response=tally.timed_response_ms / timed / MS,
        wait=wait,
        app=app,
        queue=max(0.0, wait - min(shortest, default=0.0) / MS),
        think=think or 0.0,
        busy=in_use(rate, app),
        held=in_use(rate, app + max(0.0, in_server)),
        cores=cores,
        cpu=cpu,
        memory_each_mb=sum(worker.memory_mb for worker in workers) / len(workers),
        workers=workers,
        demand=Demand(app_s=app, cpu_s=cpu or None, think_s=think, bounded=slots is not None),
    )
