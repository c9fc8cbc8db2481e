"""From the tally of a run to its figures, by the laws. Times are in s."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import dropwhile

from explain_arrivals import Arrivals
from explain_instances import Present, Stays, instance_figures, present, stays, vcpus
from explain_laws import CPU_FULL, Bounds, Demand, bounds, in_use, ratio, slots_of
from explain_route_figures import Start, at_rest, inside_share, route_figures
from explain_server_timing import Served
from explain_tally import Tally
from explain_types import InstanceFigures, RouteFigures, WorkerFigures
from explain_worker_figures import Growth, at_once, growth, use, worker_figures
from explain_workers import Bin

MS = 1e3  # in one second
NOBODY = Arrivals()
# What is known of so many of the responses is known.
KNOWN = 0.90
# A stretch of the run in which a mean request waits at least this long, and for this share of its time, has a queue.
LEAST_QUEUE = 0.002  # s
QUEUE_SHARE = 0.05
# If so many of the users are not accounted for, an instance that answers no more need not be gone: it may hang.
HANGING = 0.20
# A worker that uses more than this runs code that does not hold the GIL, as zlib, hashlib and numpy.
ONE_CORE = 1.15


@dataclass(frozen=True)
class Figures:
    """What the laws give for a run with the header; the letters are those of explain_laws.

    Attributes:
        setting: gunicorn's, the same on each instance.
        there: how many instances there were.
        vcpu: the cores of all.
        slots: requests that can be in the app at a time; None if the worker class has no bound that is known.
        users: N; of arrivals that do not wait, how many were under way at a time, at most.
        present: users who had something under way or paused, on average: all of them, but where arrivals do not wait.
        asked: the rate of requests that such arrivals ask for, in 1/s; None where users wait for their answers.
        seconds: length of the window.
        rate: X, of all requests, in 1/s.
        response, wait, app: means over the requests with a header, in s, since they were sent.
        lasting: how long the requests take in all that are under way at a moment, a mean, in s.
        queue, wire: what the wait consists of, means in s; None unless nearly all responses say so.
        queued_share: share of the stretches of the run in which requests waited.
        queue_apart: the mean queue without that of a burst with which the run began, in s.
        excess: where the queue is not known: mean wait above that of the test's first requests, which found free
            slots, or above the shortest waits (their 10th percentile), in s: what is left of the wait without the
            wire, which all requests share.
        first_known: whether the first requests' wait is known.
        think: Z, in s; 0 where no pause was seen.
        population: the users that the requests and pauses which have ended account for: X · (R + Z).
        busy: slots that were held at a time; by Little's law where no worker says so.
        held: the same; by Little's law with gunicorn's own CPU time for a request, during which the slot is taken.
        measured: whether the workers said for how long their slots were held.
        hold: for how long a request holds its slot, in s.
        cores: CPU seconds of all workers a second.
        cpu: C, in s, from the workers' own CPU counters, so that gunicorn's share of a request is in it; 0 where they
            have not moved.
        thread_cpu: what of it the thread of the request used in the app, in s.
        start: what quick requests take in the app, at the test's start and now; None where nobody knows.
        inside: share of the time in the app that requests wait inside it.
        memory_each_mb: mean resident memory of a worker.
        growth: of the memory; None if it is not known.
        workers: most requests first.
        by_instance: each instance, most requests first; none if no response says which it is of.
        stays: whether users stay with an instance.
        workers_at_once: how many one instance had; more than the setting has are not all of one gunicorn.
        routes: the one that holds the slots longest first.
        gil: whether the workers' Python has one.
        demand: S, C and Z.
    """

    setting: Served
    there: Present
    vcpu: int
    slots: int | None
    users: int
    present: float
    asked: float | None
    seconds: float
    rate: float
    response: float
    wait: float
    app: float
    lasting: float
    queue: float | None
    wire: float | None
    queued_share: float
    queue_apart: float
    excess: float
    first_known: bool
    think: float
    population: float
    busy: float
    held: float
    measured: bool
    hold: float
    cores: float
    cpu: float
    thread_cpu: float
    start: Start | None
    inside: float
    memory_each_mb: float
    growth: Growth | None
    workers: tuple[WorkerFigures, ...]
    by_instance: tuple[InstanceFigures, ...]
    stays: Stays
    workers_at_once: int
    routes: tuple[RouteFigures, ...]
    gil: bool
    demand: Demand

    @property
    def instances(self) -> int:
        """How many instances there were for most of the window."""
        return self.there.number

    @property
    def all_workers(self) -> int:
        """How many workers the instances have together."""
        return self.setting.workers * self.instances

    @property
    def slots_each(self) -> int | None:
        """The slots of one instance."""
        return None if self.slots is None else self.slots // self.instances

    @property
    def vcpu_each(self) -> int:
        """The cores of one instance, its part of those that it shares."""
        return math.ceil(self.vcpu / self.instances)

    @property
    def share_cores(self) -> bool:
        """Whether instances are on the same machine, and have less cores together than each of its own would be."""
        return self.vcpu < self.setting.vcpu * self.instances

    @property
    def cpu_utilization(self) -> float:
        """Share of the plan's CPU in use."""
        return self.cores / self.vcpu

    @property
    def cpu_full(self) -> bool:
        """Whether the workers use up the cores that so many of them can reach."""
        return self.cores >= CPU_FULL * self.reachable_cores

    @property
    def gil_holds(self) -> bool:
        """Whether a worker's Python code runs on one core at a time; not if one was seen to use more than that."""
        return self.gil and all(worker.cpu_cores <= ONE_CORE for worker in self.workers)

    @property
    def reachable_cores(self) -> int:
        return min(self.all_workers, self.vcpu) if self.gil_holds else self.vcpu

    @property
    def most_cores(self) -> float:
        """The cores that the busiest of several instances uses; 0 with one."""
        return max((one.cpu_cores for one in self.by_instance), default=0.0) if self.instances > 1 else 0.0

    @property
    def bounds(self) -> Bounds:
        """The bounds of the setting in force."""
        return self.bounds_of(self.all_workers, self.slots, self.vcpu)

    def bounds_of(self, workers: int, slots: int | None, vcpu: int) -> Bounds:
        """Return the bounds of another setting for the same load. Who does not wait for answers has none of his own."""
        return bounds(self.demand, self.users if self.asked is None else None, workers, slots, vcpu)

    @property
    def asked_utilization(self) -> float | None:
        """λ · S / slots: the share of the slots that arrivals ask for; from 1 on the queue grows while they come."""
        return None if self.asked is None else ratio(in_use(self.asked, self.hold), self.slots)

    @property
    def memory_mb(self) -> float:
        """Resident memory of all workers, of which one without a request was not seen."""
        return self.memory_each_mb * self.all_workers

    @property
    def shares(self) -> list[float]:
        """The workers' shares; one 0 stands for all those of which no response was seen."""
        unseen = [0.0] if len(self.workers) < self.all_workers else []
        return [worker.share for worker in self.workers] + unseen


def figures(
    tally: Tally,
    users: int,
    seconds: float,
    pausing: float = 0.0,
    arrivals: Arrivals = NOBODY,
    left: int | None = None,
) -> Figures | None:
    """Apply the laws; None without a response that has the header.

    Args:
        tally: the requests that ended within the window.
        users: N.
        seconds: the window's length.
        pausing: how many users pause at a time by the pauses that they asked for, if that is known.
        arrivals: what became of them, if the load does not wait for answers.
        left: how many of the users were there to the end, if that is known: the others wait for nothing any more.
    """
    setting, timed = tally.setting, tally.timed
    if setting is None or not timed or seconds <= 0:
        return None
    workers = worker_figures(tally, seconds)
    think, is_open = max(0.0, tally.think_ms / tally.thinks / MS) if tally.thinks else None, arrivals.is_open
    population = (tally.response.total - tally.delay.total) / MS / seconds
    population += max((think or 0.0) * (tally.thinks if is_open else tally.requests) / seconds, pausing)
    busied = arrivals.user_seconds / seconds if is_open else users
    if left is not None and not is_open:
        busied = min(busied, max(left, population))
    there = present(tally, seconds, hanging=busied - population >= HANGING * busied)
    used = use(tally.workers.values(), setting.workers * there.number, seconds)
    slots = slots_of(setting.workers * there.number, setting.threads, setting.worker_class)
    app, wait = tally.app.total / timed / MS, tally.timed_response_ms / timed / MS - tally.app.total / timed / MS
    known = tally.queue.count >= KNOWN * timed
    cpu = used.cores * seconds / timed
    thread_cpu = tally.cpu_ms / timed / MS
    requests, rate, response = tally.requests, timed / seconds, tally.timed_response_ms / timed / MS
    queues_from = max(LEAST_QUEUE, QUEUE_SHARE * response)
    shortest = [value for value in (tally.wait.percentile(10), tally.first_wait_ms) if value is not None]
    busy = in_use(rate, app) if used.busy is None else used.busy
    hold = max(app, used.hold or 0.0)
    return Figures(
        setting=setting,
        there=there,
        vcpu=vcpus(tally, there.number),
        slots=slots,
        users=users,
        present=busied,
        asked=arrivals.asked * requests / max(1, arrivals.ended) if is_open else None,
        seconds=seconds,
        rate=requests / seconds,
        response=response,
        wait=max(0.0, wait),
        app=app,
        lasting=(tally.response.lasting or 0.0) / MS,
        queue=tally.queue.total / tally.queue.count / MS if known else None,
        wire=tally.wire.total / tally.wire.count / MS if known else None,
        queued_share=queued_share(tally, queues_from),
        queue_apart=queue_apart(tally, queues_from),
        excess=max(0.0, wait - min(shortest, default=0.0) / MS),
        first_known=tally.first_wait_ms is not None,
        think=think or 0.0,
        population=population,
        busy=busy,
        held=in_use(rate, app + max(0.0, cpu - thread_cpu)) if used.busy is None else busy,
        measured=used.busy is not None,
        hold=hold,
        cores=used.cores,
        cpu=cpu,
        thread_cpu=thread_cpu,
        start=at_rest(tally),
        inside=inside_share(tally),
        memory_each_mb=sum(worker.memory_mb for worker in workers) / len(workers),
        growth=growth(tally),
        workers=workers,
        by_instance=instance_figures(tally, seconds),
        stays=stays(tally),
        workers_at_once=at_once(tally),
        routes=route_figures(tally, None if used.busy is None else busy * seconds * MS),
        gil=all(worker.gil for worker in tally.workers.values()),
        demand=Demand(app_s=hold, cpu_s=cpu or None, think_s=think, bounded=slots is not None),
    )


def queued_share(tally: Tally, least: float) -> float:
    """Return the share of the stretches of a run in which requests waited: 0 for one burst at its start."""
    parts = [part for part in tally.bins.values() if part.timed]
    return sum(waited(part, least) for part in parts) / len(parts) if parts else 0.0


def queue_apart(tally: Tally, least: float) -> float:
    """Return the mean queue in s, without that of a burst with which the run began, as all users came at once."""
    parts = [part for _, part in sorted(tally.bins.items()) if part.timed]
    apart = sum(part.queue_ms for part in dropwhile(lambda part: waited(part, least), parts))
    return apart / sum(part.timed for part in parts) / MS if parts else 0.0


def waited(part: Bin, least: float) -> bool:
    """Whether requests waited for a slot in a stretch of the run, for so many s on average."""
    return part.timed > 0 and part.queue_ms / part.timed / MS >= least
