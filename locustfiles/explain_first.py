"""A test's first requests, also those of its ramp: they found free slots and an app at rest.

So they tell what a request takes when it is alone, and what of its wait is the wire.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise
from statistics import median
from typing import NamedTuple

from explain_histogram import Histogram
from explain_laws import slots_of
from explain_server_timing import Timing
from explain_tally import Tally

# So many are remembered: enough for a median, where there are more slots than that.
MOST = 256
# So many of each route's are looked at, in the order in which they began. If all users start at once, nobody knows
# which of them came first to what they share, but some did.
FEW = 12
LONGER = 1.1
# So many gaps between ends tell a turn from chance, if the longest request takes so many times the shortest one.
LEAST_TURNS, DIFFER = 5, 2.0


class First(NamedTuple):
    """One of the first requests that ended.

    Attributes:
        start: when it began, in s since the test's start.
        response_ms: response time, in ms.
        app_ms: time in the app, in ms.
        name: its route.
        pid: the worker.
        lands: the route of the page to which it was redirected, as after a login; "" for none.
    """

    start: float
    response_ms: float
    app_ms: float
    name: str
    pid: int = 0
    lands: str = ""

    @property
    def end(self) -> float:
        """When it ended, in s."""
        return self.start + self.response_ms / 1e3


class FirstOnes(list[First]):
    """The first requests of a test that this process knows of."""

    @property
    def are_few(self) -> bool:
        """Whether the next one is to be remembered, too."""
        return len(self) < MOST

    def add(self, end: float, response_ms: float, timing: Timing, name: str, lands: str) -> None:
        """Remember one that ended at `end`, in s since the test's start."""
        self.append(First(end - response_ms / 1e3, response_ms, timing.app_ms, name, timing.pid, lands))


def note(tally: Tally, first: Iterable[First]) -> None:
    """Have a tally know what its requests took at rest; it is told all first requests anew each time."""
    for route in tally.routes.values():
        route.rest = Histogram()
    known = sorted(first, key=lambda one: one.end)
    if tally.setting is None or not known:
        return
    begun: dict[str, list[First]] = defaultdict(list)
    lands: dict[str, Counter[str]] = defaultdict(Counter)
    for one in sorted(known, key=lambda one: one.start):
        begun[one.name].append(one)
        lands[one.name][one.lands] += 1
        if one.lands not in ("", one.name):
            begun[one.lands].append(one)  # users who log in see it before anybody asks for it
    for name, route in tally.routes.items():
        times = [one.app_ms for one in begun[name][:FEW]]
        for app_ms in times:
            route.rest.add(app_ms)
        route.rising = rising(times)
        route.in_turn = in_turn(begun[name])
        route.landed_on = most_land(lands[name], name)
    # If all users start at once, as many requests as there are slots find one free; other processes make some.
    slots = slots_of(tally.setting.workers, tally.setting.threads, tally.setting.worker_class) or 1
    tally.first_wait_ms = median(one.response_ms - one.app_ms for one in known[: max(1, slots // 2)])


def most_land(lands: Counter[str], name: str) -> str:
    """Return where at least half of a route's requests landed that is not the route itself; "" for nowhere else."""
    where, number = (lands.most_common(1) or [("", 0)])[0]
    return where if where != name and 2 * number >= lands.total() else ""


def rising(times: Sequence[float]) -> float:
    """Return the share of the pairs of times of which the later one is longer, less that of the others.

    Where requests wait for each other, each that comes while others wait takes longer; chance knows no order.
    """
    pairs = list(combinations(times, 2))
    longer = sum(later > LONGER * earlier for earlier, later in pairs)
    shorter = sum(earlier > LONGER * later for earlier, later in pairs)
    return (longer - shorter) / len(pairs) if pairs else 0.0


def in_turn(requests: Sequence[First]) -> float:
    """Return how likely it is that chance alone has requests end as evenly as these, 1.0 for too few of them.

    They are those that were in the app together, before any of them had ended: if all users start at once, nobody knows
    who was first at a lock, yet they leave it one after the other. Each worker may have a lock of its own, or all one.
    """
    workers = {one.pid for one in requests}
    each = math.prod(evenness([one for one in requests if one.pid == pid]) for pid in workers)
    return min(1.0, 2 * min(each, evenness(requests)))


def evenness(requests: Sequence[First]) -> float:
    """Return how likely it is that the smallest gap between the ends is as near to the mean one by chance alone."""
    first = min((one.end for one in requests), default=0.0)
    together = [one for one in requests if one.end - one.app_ms / 1e3 < first]
    times, ends = [one.app_ms for one in together], sorted(one.end for one in together)
    gaps = [later - earlier for earlier, later in pairwise(ends)]
    if len(gaps) < LEAST_TURNS or max(times) < DIFFER * min(times):
        return 1.0
    return (1 - min(gaps) * len(gaps) / sum(gaps)) ** (len(gaps) - 1)
