"""A test's first requests, also those of its ramp: they found free slots and an app at rest.

So they tell what a request takes when it is alone, and what of its wait is the wire.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from statistics import median
from typing import NamedTuple

from explain_histogram import Histogram
from explain_laws import slots_of
from explain_tally import Tally

# So many are remembered: enough for a median, where there are more slots than that.
MOST = 256
# So many of each route's are looked at, in the order in which they began. If all users start at once, nobody knows
# which of them came first to what they share, but some did.
FEW = 12
LONGER = 1.1


class First(NamedTuple):
    """One of the first requests that ended.

    Attributes:
        start: when it began, in s since the test's start.
        response_ms: response time, in ms.
        app_ms: time in the app, in ms.
        name: its route.
    """

    start: float
    response_ms: float
    app_ms: float
    name: str


def note(tally: Tally, first: Iterable[First]) -> None:
    """Have a tally know what its requests took at rest; it is told all first requests anew each time."""
    for route in tally.routes.values():
        route.rest = Histogram()
    known = sorted(first, key=lambda one: one.start + one.response_ms / 1e3)
    if tally.setting is None or not known:
        return
    times: dict[str, list[float]] = defaultdict(list)
    for one in sorted(known, key=lambda one: one.start):
        times[one.name].append(one.app_ms)
    for name, route in tally.routes.items():
        for app_ms in times[name][:FEW]:
            route.rest.add(app_ms)
        route.rising = rising(times[name][:FEW])
    # If all users start at once, as many requests as there are slots find one free; other processes make some.
    slots = slots_of(tally.setting.workers, tally.setting.threads, tally.setting.worker_class) or 1
    tally.first_wait_ms = median(one.response_ms - one.app_ms for one in known[: max(1, slots // 2)])


def rising(times: Sequence[float]) -> float:
    """Return the share of the pairs of times of which the later one is longer, less that of the others.

    Where requests wait for each other, each that comes while others wait takes longer; chance knows no order.
    """
    pairs = list(combinations(times, 2))
    longer = sum(later > LONGER * earlier for earlier, later in pairs)
    shorter = sum(earlier > LONGER * later for earlier, later in pairs)
    return (longer - shorter) / len(pairs) if pairs else 0.0
