"""The laws. They know neither Locust nor gunicorn, so the analysis and the sweep call the same ones.

X is the throughput, S the time in the app, C the CPU time of a request, Z the time a user thinks, N the users:

* utilization law: CPU in use = X · C.
* Little's law: busy slots = X · S. Also for one worker alone.
* asymptotic bounds: X ≤ min(N / (S + Z), slots / S, min(workers, vCPU) / C). The last term has the workers
  because Python code of one process runs on one core at a time (the GIL).

* mean value analysis: the response time of N users of one core, from that of N - 1.

Peter J. Denning, Jeffrey P. Buzen: "The Operational Analysis of Queueing Network Models", ACM Computing Surveys
10(3), 1978. John D. C. Little: "A Proof for the Queuing Formula L = λW", Operations Research 9(3), 1961.
Martin Reiser, Stephen S. Lavenberg: "Mean-Value Analysis of Closed Multichain Queuing Networks", Journal of the ACM
27(2), 1980.

Times are in s, rates in 1/s. docs/how-it-measures.md says what the figures cannot tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

# From this share of the cores that the workers can reach on, the CPU counts as used up.
CPU_FULL = 0.85
# The last part of a worker class's name: those of which each thread serves one request at a time, and those that
# serve one, whatever `threads` says.
THREADED = ("gthread", "ThreadWorker", "SlotWorker")
SINGLE = ("sync", "SyncWorker")


class Setting(NamedTuple):
    """How many workers, and threads of each."""

    workers: int
    threads: int

    @property
    def slots(self) -> int:
        """Requests that can be in the app at a time."""
        return self.workers * self.threads

    @property
    def variables(self) -> str:
        """As it is pasted."""
        return f"GUNICORN_WORKERS={self.workers} GUNICORN_THREADS={self.threads}"

    def __str__(self) -> str:
        """As it is written everywhere: 3 × 6."""
        return f"{self.workers} × {self.threads}"


@dataclass(frozen=True)
class Demand:
    """What a request asks of the server, and how long a user thinks; None for what no response has told.

    Attributes:
        app_s: S.
        cpu_s: C, with gunicorn's own part of a request.
        think_s: Z.
        bounded: whether workers × threads bounds what is in the app. An event loop has no such bound.
    """

    app_s: float | None
    cpu_s: float | None
    think_s: float | None
    bounded: bool


@dataclass(frozen=True)
class Bounds:
    """The most that the laws allow, in requests/s; None where there is no bound, or none that is known."""

    slots_rps: float | None
    cpu_rps: float | None
    users_rps: float | None

    def lowest(self) -> tuple[str, float] | None:
        """Return the bound that is reached first, "users", "slots" or "cpu", with its rate.

        A bound of 0 is none. Of equal ones it is the users': the others could not be seen from fewer of them.
        """
        rates = {"users": self.users_rps, "slots": self.slots_rps, "cpu": self.cpu_rps}
        return min(((name, rate) for name, rate in rates.items() if rate), key=lambda pair: pair[1], default=None)


def bounds(demand: Demand, users: int | None, workers: int, slots: int | None, vcpu: int) -> Bounds:
    """Return the bounds on the throughput of a setting.

    Args:
        demand: what a request asks.
        users: N; None where they do not wait for answers, so that their number bounds nothing.
        workers: how many there are.
        slots: how many requests can be in the app at a time; looked at only if the demand is bounded by them.
        vcpu: the cores that the workers have.
    """
    app_s, think_s = demand.app_s, demand.think_s or 0.0
    return Bounds(
        slots_rps=ratio(slots, app_s) if demand.bounded and slots else None,
        cpu_rps=ratio(min(workers, vcpu), demand.cpu_s),
        users_rps=None if app_s is None else ratio(users, app_s + think_s),
    )


def shared(users: int, think: float, elsewhere: float, cpu: float, cores: int) -> float:
    """Return the response time of users who all may compute side by side, with a slot for each, in s.

    Mean value analysis: who comes finds at the CPU what one user less leaves there on average. Several cores are one
    that is so many times as quick, and the rest of the time a delay.

    Args:
        users: N.
        think: Z.
        elsewhere: for how long a request waits for something else than the CPU.
        cpu: C.
        cores: that share the work.
    """
    quick, delay, there, response = cpu / cores, elsewhere + cpu - cpu / cores, 0.0, 0.0
    for number in range(1, users + 1):
        response = quick * (1 + there)
        there = response * number / (think + delay + response) if response else 0.0
    return delay + response


def slots_of(workers: int, threads: int, worker_class: str) -> int | None:
    """Return how many requests gunicorn serves at a time; None for a worker class without such a bound.

    Event loops (gevent, eventlet, tornado, an ASGI worker) take `worker_connections` requests each, which the header
    does not carry and which is not what limits them.
    """
    name = worker_class.rpartition(".")[2]
    if name in SINGLE:
        return workers
    return workers * threads if name in THREADED else None


def is_exact(worker_class: str, threads: int = 1) -> bool:
    """Whether a worker takes a connection only while it has a free slot, so that none waits in it.

    Not `sync` with more than one thread: gunicorn takes gthread then.
    """
    name = worker_class.rpartition(".")[2]
    return name == "SlotWorker" or (name in SINGLE and threads == 1)


def in_use(rate: float, seconds: float) -> float:
    """Return how many of a resource's places are taken on average, if each request holds one so long.

    For slots this is Little's law, for cores the utilization law.
    """
    return rate * seconds


def ratio(numerator: float | None, denominator: float | None) -> float | None:
    """Divide; None by zero, and where one of the two is not known."""
    if numerator is None or denominator is None or denominator <= 0:
        return None
    return numerator / denominator
