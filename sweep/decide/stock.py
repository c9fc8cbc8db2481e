"""What the search knows so far: the best, what failed, what a setting needs, and why it need not be tried."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from explain_laws import Setting, is_exact
from explain_words import figure
from sweep.decide.cells import Cell
from sweep.decide.prediction import Prediction
from sweep.decide.ranking import LEAST_WORKERS, memory_room, obstacle, unfit
from sweep.options import Options
from sweep.records import Info

NOISE = 0.03  # of the throughput, between two windows of the same setting
EXPLAINED = 0.95  # of its bound: nothing that the bounds do not know holds the setting back
NEAR = 1.15  # times as many slots are as many
RISES = 1.05  # times the throughput of another setting is more
GAP = 1.6  # times as many slots, between which the best may be hidden
CPU_TARGET = 0.7  # a worker's core that is busier than this leaves no room
THREADS_MOST, WORKERS_MOST = 256, 128


def threads_for(slots: float, workers: int, options: Options) -> int:
    """Return the fewest threads that give so many slots; of those in the options, if it has some."""
    threads = max(1, min(THREADS_MOST, math.ceil(slots / workers - 1e-9)))
    if options.threads:
        return next((level for level in options.threads if level >= threads), options.threads[-1])
    return threads


def near(setting: Setting, others: Iterable[Setting]) -> bool:
    """Whether one of the others has about as many workers, which are the same ones if few, and about as many slots."""
    return any(alike(setting.workers, other.workers) and alike(setting.slots, other.slots) for other in others)


def alike(one: int, other: int, times: float = NEAR) -> bool:
    """Whether two numbers are about the same."""
    return max(one, other) <= times * min(one, other)


class Stock:
    """What is known so far.

    Attributes:
        cells: what was measured so far, by setting.
        info, options: of the sweep.
        prediction: of every setting.
        best: the fastest cell that could be recommended; None so far without one.
        start: the cell around which to look further: the best, or the quickest if none keeps to --max-p95.
        ceiling: from so many slots on requests fail; None where none did, or where more slots were fine.
    """

    def __init__(self, cells: Mapping[Setting, Cell], info: Info, prediction: Prediction) -> None:
        """Take stock."""
        self.cells, self.info, self.options, self.prediction = cells, info, info.options, prediction
        allowed = [cell for cell in cells.values() if cell.rps and not obstacle(cell, info)]
        self.best = max(allowed, key=lambda cell: cell.rate, default=None)
        fit = [cell for cell in cells.values() if cell.p95_ms and not unfit(cell, info)]
        self.start = self.best or min(fit, key=lambda cell: cell.p95, default=None)
        share = self.options.max_fail_ratio
        self.fine = [c for c in cells.values() if c.state == "ok" and (share is None or c.count.share <= share)]
        self.failed = [cell for cell in cells.values() if cell.state in ("ok", "failed") and cell not in self.fine]
        first = min((cell.setting.slots for cell in self.failed), default=None)
        more = first is not None and any(cell.setting.slots >= first for cell in self.fine)
        self.ceiling = None if more else first
        # A bound that a measurement is above is none, and those of the others may be as wrong.
        rates = [cell.rate / prediction.bound(cell.setting)[0] for cell in self.fine if cell.rps]
        self.surplus = max([1.0, *rates])

    def asked(self, setting: Setting) -> bool:
        """Whether the options leave a setting to the search."""
        workers, threads = self.options.workers, self.options.threads
        return (not workers or setting.workers in workers) and (not threads or setting.threads in threads)

    @property
    def explained(self) -> bool:
        """Whether the best serves what no setting can exceed."""
        good = 1 - self.best.count.share if self.best else 1.0
        return self.best is not None and self.best.rate >= EXPLAINED * good * self.prediction.best_rps

    @property
    def flat(self) -> bool:
        """Whether a setting with far more or far fewer slots serves as much as the best, so that they do not matter."""
        best = self.best
        return best is not None and any(
            cell.rate >= best.rate / RISES and not alike(cell.setting.slots, best.setting.slots, GAP)
            for cell in self.fine
            if cell.rps
        )

    def worker_counts(self) -> Sequence[int]:
        """Return the numbers of workers to look at where the CPU limits."""
        vcpu = self.prediction.vcpu
        if self.options.workers:
            return self.options.workers
        few = self.few_workers()
        counts = {few, few + 1} if vcpu <= 2 else {vcpu, vcpu + 1}
        return sorted({*counts, 2 * vcpu + 1} & set(range(1, self.most_workers() + 1))) or [few]

    def few_workers(self, rps: float = 0.0) -> int:
        """Return the fewest workers that are no single one, if memory has room, and have CPU for a throughput."""
        if self.options.workers:
            enough = [number for number in self.options.workers if number >= LEAST_WORKERS]
            return min(enough, default=max(self.options.workers))
        cpu = (
            min(self.prediction.vcpu, math.ceil(rps * self.prediction.cpu_s / CPU_TARGET)) if self.prediction.gil else 1
        )
        return max(1, min(max(LEAST_WORKERS, cpu), self.most_workers()))

    def most_workers(self) -> int:
        """Return the most workers that the plan's memory has room for."""
        if self.options.workers:
            return max(self.options.workers)
        most = WORKERS_MOST
        while most > 1 and self.prediction.memory_mb(most) > memory_room(self.info):
            most -= 1
        return most

    @property
    def inexact(self) -> bool:
        """Whether a worker takes more requests than it has threads, while others have some to spare."""
        runs = [run for cell in self.fine for run in cell.runs]
        kinds = [run.analysis.setting.worker_class for run in runs if run.analysis]
        return self.prediction.bounded and any(kind and not is_exact(kind) for kind in kinds)

    # --- why not --------------------------------------------------------------------------------------

    def reason(self, setting: Setting, probing: bool = False) -> str | None:
        """Return why a setting need not be measured; None if it may be the best, or as good and cheaper.

        Where it is to show who fails, it need be none of these.
        """
        return (
            self.impossible(setting) or self.failing(setting, probing) or (None if probing else self.too_slow(setting))
        )

    def unused(self, setting: Setting) -> bool:
        """Whether a setting has a thread in each worker that these users cannot fill."""
        return setting.workers * (setting.threads - 1) >= self.prediction.users

    def impossible(self, setting: Setting) -> str | None:
        """Return why a setting would not be recommended however quick it is; None if it might be."""
        if setting.slots == 1:
            return "has one slot, so one slow request is all that it serves"
        memory, room = self.prediction.memory_mb(setting.workers), memory_room(self.info)
        if setting.workers > 1 and memory > room:
            return f"would take {memory:.0f} MB, and the plan has {room:.0f} MB with its headroom"
        return None

    def failing(self, setting: Setting, probing: bool) -> str | None:
        """Return which setting shows that this one fails; None if none does, or if that is what would be seen."""
        for cell in self.failed:
            if cell.setting.workers <= setting.workers and cell.setting.threads <= setting.threads:
                return f"{cell.setting} fails already"
        if self.ceiling and setting.slots >= self.ceiling and not probing:
            return f"from {self.ceiling} slots on requests fail"
        return None

    def too_slow(self, setting: Setting) -> str | None:
        """Return which bound keeps a setting below another one, or above --max-p95; None if none does."""
        highest, limit = self.prediction.bound(setting)
        highest *= self.surplus
        limit_ms = self.options.max_p95
        mean_ms = self.prediction.response_s(highest) * 1e3
        if limit_ms is not None and mean_ms > limit_ms:
            return f"its mean response is {mean_ms:.0f} ms at best, by its {limit} bound: --max-p95 is {limit_ms:g} ms"
        if self.best and highest < self.best.rate * (1 - NOISE):
            return f"{figure(highest)} requests/s at most, by its {limit} bound: {self.fastest()}"
        return None

    def fastest(self) -> str:
        """Name the best setting so far."""
        return f"{self.best.setting} serves {figure(self.best.rate)}" if self.best else "none serves"
