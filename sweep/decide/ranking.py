"""Which settings may be recommended, and which of them are tied.

The rule: among the settings without an obstacle (failures, memory, a limit of one's own, one slot), those with the
highest throughput, so that no other one's interval over the repeats is above theirs; for users who think, those that
keep the p95 that was reached at all, with hardly a wait for a slot. None of which more requests fail than of another
that serves hardly less, be it by little, unless a limit was given. They are tied. Of these one with two workers or
more, as one process is one crash and one restart for all; then with slots to spare for an upstream that gets slow; then
the lowest p95, by the intervals too; then the least memory; then the fewest slots. For users who think it is the fewest
slots with that room.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from explain_words import figure
from sweep.decide.cells import Cell
from sweep.decide.limits import grew, limit_of, queues_little
from sweep.decide.prediction import Prediction
from sweep.decide.slowdown import slowed_rps
from sweep.records import Info

# The rest is for what a sweep does not see: uploads, caches that grow, a deployment's second process.
HEADROOM = 0.85
# The same setting takes 2 % more or less from one run to the next.
SAME_MEMORY = 1.05
# However wide the intervals, a mean that is further behind is no tie.
TIE_LEAST = 0.95
# With fewer failures, what serves so much is as good.
TIE_FAILING = 0.90
LEAST_WORKERS = 2
# For an upstream that takes so many times as long; so much less then is as much.
SPARE_TIMES, SPARE_SAME = 2.0, 0.97
# The p95 of few requests differs by this much from one window to the next.
SAME_P95 = 1.10
LONGER = 1.25
# Of arrivals that do not wait for answers; the others came shortly before the end, or more come than can be served.
SERVED = 0.9

Rule = tuple[str, Callable[[Sequence[Cell]], Sequence[Cell]]]


@dataclass(frozen=True)
class Ranking:
    """How those stand that may be recommended.

    Attributes:
        chosen: the cell to ship.
        tied: those that throughput, or the p95, cannot tell apart.
        rules: what decided between them, in words.
        by_response: whether the users think, so that the p95 is what counts.
        passed_over: those that would be tied, or better, if no more of their requests failed.
    """

    chosen: Cell
    tied: tuple[Cell, ...]
    rules: tuple[str, ...]
    by_response: bool
    passed_over: tuple[Cell, ...] = ()

    @property
    def others(self) -> list[Cell]:
        """Those that are tied with the chosen one, the quickest first."""
        return sorted((cell for cell in self.tied if cell is not self.chosen), key=lambda cell: cell.p95)


def ranked(cells: Sequence[Cell], info: Info, prediction: Prediction | None) -> Ranking | None:
    """Return how the cells stand; None if none may be recommended."""
    allowed = [cell for cell in cells if cell.rps and cell.p95_ms and not obstacle(cell, info)]
    if not allowed:
        return None
    thinking = prediction is not None and prediction.thinking
    good = keeping(allowed, prediction) if prediction and thinking else fastest(allowed)
    tied = good if info.options.max_fail_ratio is not None else failing_least(good, good if thinking else allowed)
    left: Sequence[Cell] = tied
    rules: list[str] = []
    for words, choose in rules_for(tied, cells, prediction):
        kept = choose(left)
        if kept and len(kept) < len(left):
            rules.append(words)
            left = kept
    chosen = min(left, key=lambda cell: (cell.setting.slots, cell.setting.workers))
    if len(left) > 1:
        rules.append("the fewest slots")
    return Ranking(chosen, tuple(tied), tuple(rules), thinking, tuple(cell for cell in good if cell not in tied))


def rules_for(tied: Sequence[Cell], cells: Sequence[Cell], prediction: Prediction | None) -> list[Rule]:
    """Return what decides between those that are tied, in this order."""
    two: Rule = ("two workers or more", lambda left: [c for c in left if c.setting.workers >= LEAST_WORKERS])
    rest: list[Rule] = [("the lowest p95", quickest), ("the least memory", smallest)]
    if prediction is None:
        return [two, *rest]
    if not prediction.thinking:
        return [two, ("slots to spare", lambda left: sparing(left, tied, cells, prediction)), *rest]
    room = prediction.slowed(SPARE_TIMES).enough_slots()

    def roomy(left: Sequence[Cell]) -> Sequence[Cell]:
        most = max(cell.setting.slots for cell in left)
        return [cell for cell in left if cell.setting.slots >= min(room, most)]

    return [two, ("slots to spare", roomy), ("the fewest slots", fewest), *rest]


def fastest(allowed: Sequence[Cell]) -> list[Cell]:
    """Return those whose throughput is the highest.

    Measured against the highest low end and not against the fastest's own, all that remain overlap with each other:
    one wide interval ties nothing to it that is measurably behind another.
    """
    rates = [(cell, cell.rps) for cell in allowed if cell.rps]
    low, most = max(rps.low for _, rps in rates), max(rps.mean for _, rps in rates)
    return [cell for cell, rps in rates if rps.high >= low and rps.mean >= TIE_LEAST * most]


def failing_least(good: Sequence[Cell], allowed: Sequence[Cell]) -> list[Cell]:
    """Return those of which no more requests fail than of another that serves hardly less; else such others."""
    most = max(cell.rate for cell in good)
    near = [cell for cell in allowed if cell.rate >= TIE_FAILING * most]

    def least(cells: Sequence[Cell]) -> list[Cell]:
        return [cell for cell in cells if not any(cell.count.surely_more(other.count) for other in near)]

    return least(good) or fastest(least(near))


def keeping(allowed: Sequence[Cell], prediction: Prediction) -> list[Cell]:
    """Return those in which users who think hardly wait for a slot.

    Where that is not known, or where they then wait inside the app, those that are as quick as any.
    """
    most = max(cell.rate for cell in allowed)
    fair = [cell for cell in allowed if cell.rate >= 0.9 * most]
    high = min(cell.p95_ms.high for cell in fair if cell.p95_ms) * SAME_P95
    least_ms = min(cell.app_ms or 0.0 for cell in fair)
    unhindered = [cell for cell in fair if queues_little(cell) and not is_slower(cell, high, least_ms)]
    if unhindered and not all(grew(cell, prediction) for cell in unhindered):
        return unhindered
    return [cell for cell in fair if cell.p95_ms and cell.p95_ms.low <= high]


def is_slower(cell: Cell, high: float, least_ms: float) -> bool:
    """Whether requests take longer in the app than with another setting, at the mean and at the end.

    One of the two alone may be chance: where 5 % of the requests take long, the p95 is now a short and now a long one.
    """
    slow = cell.p95_ms is not None and cell.p95_ms.low > 2 * high
    return slow and (cell.app_ms or 0.0) > LONGER * least_ms


def sparing(
    left: Sequence[Cell], tied: Sequence[Cell], cells: Sequence[Cell], prediction: Prediction
) -> Sequence[Cell]:
    """Return those that serve the most when requests take longer."""
    best = max(tied, key=lambda cell: cell.rate)
    limit = limit_of(best, cells, prediction)
    rates = [slowed_rps(cell.setting, best.rate, SPARE_TIMES, limit, prediction) for cell in left]
    return [cell for cell, rate in zip(left, rates, strict=True) if rate >= SPARE_SAME * max(rates)]


def quickest(left: Sequence[Cell]) -> Sequence[Cell]:
    """Return those with the lowest p95."""
    high = min(cell.p95_ms.high for cell in left if cell.p95_ms)
    return [cell for cell in left if cell.p95_ms and cell.p95_ms.low <= high]


def smallest(left: Sequence[Cell]) -> Sequence[Cell]:
    """Return those with the least memory."""
    least = min(cell.memory_mb or 0.0 for cell in left)
    return [cell for cell in left if (cell.memory_mb or 0.0) <= least * SAME_MEMORY]


def fewest(left: Sequence[Cell]) -> Sequence[Cell]:
    """Return those with the fewest slots."""
    least = min(cell.setting.slots for cell in left)
    return [cell for cell in left if cell.setting.slots == least]


def obstacle(cell: Cell, info: Info) -> str | None:
    """Return why a cell cannot be recommended, in a few words; None if it can."""
    return unfit(cell, info) or beyond_limits(cell, info)


def beyond_limits(cell: Cell, info: Info) -> str | None:
    """Return which of the limits that were given a cell does not keep; None if it keeps them."""
    limit, share = info.options.max_p95, info.options.max_fail_ratio
    if share is not None and cell.count.share > share:
        return f"{cell.count.share:.2%} of its requests fail, which is above {share:.2%}"
    if info.options.rps is not None and cell.asked_rps and cell.rate < SERVED * cell.asked_rps * (1 - cell.count.share):
        return f"it serves {figure(cell.rate)} of {figure(cell.asked_rps)} requests/s"
    if limit is not None and cell.p95_ms and cell.p95 > limit:
        return f"its p95 of {cell.p95:.0f} ms is above {limit:g} ms"
    return None


def kept_limits(cells: Sequence[Cell], info: Info) -> list[str]:
    """Say of each limit that was given which settings keep it and which don't; nothing without one."""
    given = {"--max-p95": info.options.max_p95, "--max-fail-ratio": info.options.max_fail_ratio}
    names = [f"{name}={value:g}" for name, value in given.items() if value is not None]
    measured = [cell for cell in cells if cell.rps and cell.state == "ok"]
    if not names or not measured:
        return []
    kept = [str(cell.setting) for cell in measured if not beyond_limits(cell, info)]
    missed = [f"{cell.setting} ({why})" for cell in measured if (why := beyond_limits(cell, info))]
    limits = " and ".join(names)
    return [f"Keep {limits}: {', '.join(kept) or 'none'}", f"Do not: {', '.join(missed) or 'none'}"]


def unfit(cell: Cell, info: Info) -> str | None:
    """Return why a cell cannot be recommended whatever its p95; None if it can."""
    if cell.state != "ok":
        return "it failed" if cell.state == "failed" else f"it is {cell.state}"
    if cell.setting.slots == 1:
        return "it has one slot, so one slow request is all that it serves"
    room = memory_room(info)
    if cell.memory_mb is not None and cell.memory_mb > room:
        return f"it takes {cell.memory_mb:.0f} MB, and {room:.0f} MB leave the plan its headroom"
    return None


def memory_room(info: Info) -> float:
    """Return the memory that a setting may take, in MB."""
    return HEADROOM * info.plan.memory_mb
