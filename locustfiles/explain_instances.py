"""Several instances of gunicorn behind one address: how many there were at once, what each did, and what they share.

Which instance a worker is of, its responses say. An instance that answered nothing is not known to anybody here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from explain_server_timing import Served
from explain_tally import OTHERS, Tally
from explain_types import InstanceFigures
from explain_words import plural
from explain_worker_figures import Use, use
from explain_workers import Worker

# An instance is gone, and not only out of luck, if chance would leave out all of the end once in so many times.
SELDOM = 1e4
# In so many of the stretches there must be as many instances as in most, or their number has changed.
STEADY = 0.75
# So many of the users' requests go where the one before went, or carry the cookie, if all do but for a few.
NEARLY_ALL = 0.95


class Present(NamedTuple):
    """How many instances there were.

    Attributes:
        number: for most of the window.
        first, last: in its first and its last quarter.
        steady: whether there were so many in nearly all of it.
        seen: in all.
    """

    number: int
    first: int
    last: int
    steady: bool
    seen: int


def by_instance(tally: Tally) -> dict[str, list[Worker]]:
    """Return the workers of each instance, without those that are not kept apart."""
    found: dict[str, list[Worker]] = {}
    for who, worker in tally.workers.items():
        if who != OTHERS:
            found.setdefault(who[0], []).append(worker)
    return found


def present(tally: Tally, seconds: float, hanging: bool = False) -> Present:
    """Return how many instances there were at once.

    An instance is there from the start of its first worker, by that one's own clock, or from its first response where
    that is not told, until its last response, if it would have had more by then.

    Args:
        tally: the requests.
        seconds: the window's length.
        hanging: whether many users wait for what has not come, so that who answers nothing need not be gone.
    """
    groups = by_instance(tally)
    lasted = [(begin, seconds if hanging else end) for begin, end in spans(tally, seconds).values()]
    counts = [
        sum(begin <= moment < end for begin, end in lasted)
        for moment in ((number + 0.5) * tally.width for number in sorted(tally.bins))
        if moment < seconds
    ]
    if len(groups) < 2 or len(counts) < 4:
        return Present(max(1, len(groups)), len(groups), len(groups), True, len(groups))
    number, quarter = max(1, middle(counts)), max(1, len(counts) // 4)
    steady = sum(count == number for count in counts) >= STEADY * len(counts)
    return Present(number, middle(counts[:quarter]), middle(counts[-quarter:]), steady, len(groups))


def middle(counts: list[int]) -> int:
    return sorted(counts)[len(counts) // 2]


def spans(tally: Tally, seconds: float) -> dict[str, tuple[float, float]]:
    """Return from when until when each instance was there, in s since the window's start."""
    seen: dict[str, tuple[int, int]] = {}
    for number in sorted(tally.bins):
        for name in {who[0] for who in tally.bins[number].said}:
            seen[name] = (seen.get(name, (number, number))[0], number)
    found = {}
    for name, workers in by_instance(tally).items():
        first, last = seen.get(name, (0, 0))
        begin = min([float(first * tally.width), *(worker.born_before for worker in workers if worker.clocked)])
        found[name] = (begin, gone(workers, max(0.0, begin), (last + 1.0) * tally.width, seconds))
    return found


def gone(workers: Iterable[Worker], begin: float, last: float, seconds: float) -> float:
    """Return until when an instance was there that began and answered last at these moments."""
    if not begin < last < seconds:
        return seconds
    by_chance = total(workers, "requests") * math.log((last - begin) / (seconds - begin))
    return last if by_chance < -math.log(SELDOM) else seconds


def vcpus(tally: Tally, number: int) -> int:
    """Return the cores of so many instances: those of all, but no more than there are where they share a machine's."""
    each = tally.setting.vcpu if tally.setting else 1
    machines: dict[str, list[int]] = {}
    alone = 0
    for workers in by_instance(tally).values():
        origin = workers[0].origin
        if origin.machine:
            machines.setdefault(origin.machine, []).append(origin.cores)
        else:
            alone += 1
    shared = sum(min(each * len(cores), reduce(or_, cores).bit_count()) for cores in machines.values())
    return max(each, min(each * number, each * alone + shared))


def instance_figures(tally: Tally, seconds: float) -> tuple[InstanceFigures, ...]:
    """Return each instance's figures, most requests first; none where no response says which it is of."""
    number, timed = tally.setting.workers if tally.setting else 1, tally.timed
    found = []
    for name, workers in by_instance(tally).items():
        if not name:
            continue
        used, requests = use(workers, number, seconds), total(workers, "requests")
        queued = total(workers, "queued")
        found.append(
            InstanceFigures(
                instance=name,
                workers=len(workers),
                requests=requests,
                share=requests / timed,
                slots_busy=busy(used, workers, seconds),
                cpu_cores=used.cores,
                response_ms=total(workers, "response_ms") / requests,
                queue_ms=total(workers, "queue_ms") / queued if queued else None,
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.requests, one.instance)))


def busy(used: Use, workers: Iterable[Worker], seconds: float) -> float:
    """Return an instance's busy slots: by its counters, else by Little's law."""
    return total(workers, "app_ms") / 1e3 / seconds if used.busy is None else used.busy


def total(workers: Iterable[Worker], name: str) -> Any:
    return sum(getattr(worker, name) for worker in workers)


class Stays(NamedTuple):
    """What was seen of whether users stay with an instance, of their requests after the first.

    Attributes:
        known: how many requests tell.
        stayed: share of them that had the same instance as the one before.
        bound: share that was sent with a cookie that asks for an instance.
    """

    known: int
    stayed: float
    bound: float

    @property
    def by_cookie(self) -> bool:
        """Whether users were seen to send the cookie and to stay."""
        return self.known > 0 and min(self.stayed, self.bound) >= NEARLY_ALL


def stays(tally: Tally) -> Stays:
    known = tally.stayed + tally.moved
    return Stays(known, tally.stayed / known, tally.bound / known) if known else Stays(0, 0.0, 0.0)


def differing(tally: Tally, there: Present) -> list[str]:
    """Return what is not the same for all responses of a run, or for all of its time, in words."""
    groups = by_instance(tally)
    settings = {name: {worker.setting for worker in workers} for name, workers in groups.items()}
    different = set[Served]().union(*settings.values(), {worker.setting for worker in tally.workers.values()})
    found = []
    if any(worker.mixed for worker in tally.workers.values()) or len(different) > 1:
        found.append(f"two settings at once{'' if len(groups) < 2 else where(settings)}")
    if "" in groups and len(groups) > 1:
        found.append("responses with an instance and without one, as of two versions of gunicorn_slots")
    if not there.steady:
        changed = f"{plural(there.first, 'instance')} at first and {there.last} later"
        found.append("instances that come and go" if there.first == there.last else changed)
    return found


def where(settings: dict[str, set[Served]]) -> str:
    """Say which instances have which setting, one of each."""
    found: dict[str, str] = {}
    for name, several in settings.items():
        for one in sorted(several):
            found.setdefault(f"{one.workers} × {one.threads} ({one.worker_class}, {one.vcpu} vCPU)", name or "another")
    return f" ({', '.join(f'{setting} on {name}' for setting, name in found.items())})" if len(found) > 1 else ""
