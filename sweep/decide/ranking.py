"""Which settings may be recommended, and which of them are tied.

The rule: among the settings without an error whose memory keeps to 85 % of what the plan leaves the app, and whose
p95 keeps to --max-p95 if it is given, those with the highest throughput: no other setting's interval over the repeats
is above theirs, so they are tied. Of these those with the lowest p95, by their intervals too; of these the least
memory; among those of the same memory the fewest slots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sweep.decide.cells import Cell
from sweep.records import Info

# The rest is for what a sweep does not see: uploads, caches that grow, a deployment's second process.
HEADROOM = 0.85
# The same setting takes 2 % more or less from one run to the next.
SAME_MEMORY = 1.05


@dataclass(frozen=True)
class Ranking:
    """How those stand that may be recommended. Each list is part of the one before it, and has the chosen one.

    Attributes:
        chosen: the cell to ship.
        tied: those with the highest throughput.
        quick: of these, those with the lowest p95.
        small: of these, those with the least memory.
    """

    chosen: Cell
    tied: tuple[Cell, ...]
    quick: tuple[Cell, ...]
    small: tuple[Cell, ...]

    @property
    def others(self) -> list[Cell]:
        """Those that are tied with the chosen one, the quickest first."""
        return sorted((cell for cell in self.tied if cell is not self.chosen), key=lambda cell: cell.p95)


def ranked(cells: Sequence[Cell], info: Info) -> Ranking | None:
    """Return how the cells stand; None if none may be recommended."""
    allowed = [(cell, cell.rps, cell.p95_ms) for cell in cells if not obstacle(cell, info)]
    rates = [(cell, rps) for cell, rps, _ in allowed if rps]
    if not rates:
        return None
    # Measured against the highest low end and not against the fastest's own, all that remain overlap with each other:
    # one wide interval ties nothing to it that is measurably behind another.
    low = max(rps.low for _, rps in rates)
    tied = [cell for cell, rps in rates if rps.high >= low]
    times = [(cell, p95_ms) for cell, _, p95_ms in allowed if cell in tied and p95_ms]
    high = min(p95_ms.high for _, p95_ms in times)
    quick = [cell for cell, p95_ms in times if p95_ms.low <= high]
    least = min(cell.memory_mb or 0.0 for cell in quick)
    small = [cell for cell in quick if (cell.memory_mb or 0.0) <= least * SAME_MEMORY]
    chosen = min(small, key=lambda cell: (cell.setting.slots, cell.setting.workers))
    return Ranking(chosen, tuple(tied), tuple(quick), tuple(small))


def obstacle(cell: Cell, info: Info) -> str | None:
    """Return why a cell cannot be recommended, in a few words; None if it can."""
    if reason := unfit(cell, info):
        return reason
    limit = info.options.max_p95
    if limit is not None and cell.p95_ms and cell.p95 > limit:
        return f"its p95 of {cell.p95:.0f} ms is above {limit:g} ms"
    return None


def unfit(cell: Cell, info: Info) -> str | None:
    """Return why a cell cannot be recommended whatever its p95; None if it can."""
    if cell.state != "ok":
        return "it failed" if cell.state == "failed" else f"it is {cell.state}"
    room = memory_room(info)
    if cell.memory_mb is not None and cell.memory_mb > room:
        return f"it takes {cell.memory_mb:.0f} MB, and {room:.0f} MB leave the plan its headroom"
    return None


def memory_room(info: Info) -> float:
    """Return the memory that a setting may take, in MB."""
    return HEADROOM * info.plan.memory_mb
