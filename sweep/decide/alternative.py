"""One worker where several are recommended: for an app that keeps something in its process, or for less memory."""

from __future__ import annotations

from sweep.decide.cells import Cell
from sweep.decide.ranking import SAME_MEMORY, Ranking
from sweep.decide.stock import NEAR


def one_worker(ranking: Ranking) -> Cell | None:
    """Return the setting with one worker that is tied with the recommended one, as quick, and has hardly fewer slots.

    None where none was measured, and where one worker is recommended.
    """
    best = ranking.chosen
    if best.setting.workers == 1 or best.p95_ms is None:
        return None
    high, slots = best.p95_ms.high, best.setting.slots
    good = [
        cell
        for cell in ranking.tied
        if cell.setting.workers == 1 and cell.p95_ms and cell.p95_ms.low <= high and NEAR * cell.setting.slots >= slots
    ]
    return min(good, key=lambda cell: (cell.p95, cell.setting.slots), default=None)


def told(alternative: Cell, best: Cell) -> str:
    """Say what one worker has before the recommended setting, and why that is recommended all the same."""
    memory = ""
    if alternative.memory_mb and best.memory_mb and alternative.memory_mb * SAME_MEMORY < best.memory_mb:
        memory = f", in {alternative.memory_mb:.0f} MB, {best.memory_mb - alternative.memory_mb:.0f} less"
    return (
        f"{alternative.setting} served as much at a p95 of {alternative.p95:.0f} ms{memory}. {best.setting.workers} "
        "workers are recommended all the same, as one process is one crash, one restart and one GIL for all"
    )
