"""Which setting to measure next, and why the others need not be.

The next step follows from the options and the runs so far alone, so a sweep that was killed goes on as it would have.
With a grid, every setting is measured, in an order shuffled anew for each repeat. Without one:

1. A loaded run: 2 × vCPU + 1 workers with a thread for each user. With the unloaded probe it gives what a request
   asks of the server, and so the bounds of every setting.
2. For each number of workers, the fewest threads that the bounds ask for, and half as many again. A setting whose
   bound is below what was measured elsewhere is skipped.
3. While the best setting stays behind its bound, the prediction lacks something that the app does: its neighbours are
   measured, until none is better by more than the noise. Where none keeps to --max-p95, those of the quickest are.
4. Settings that could be the best are measured again, in a shuffled order, until they have `repeats` runs.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from explain_laws import Setting
from sweep.decide.cells import Cell
from sweep.decide.findings import Findings
from sweep.decide.prediction import Prediction
from sweep.decide.ranking import memory_room, obstacle, unfit
from sweep.options import Options

NOISE = 0.03  # of the throughput, between two windows of the same setting
EXPLAINED = 0.95  # of its bound: nothing that the bounds do not know holds the setting back
MORE = 1.5  # from one number of threads to the next
CELLS_MOST = 16
# Shown in the report as skipped, beside what was a candidate.
LADDER = (1, 2, 4, 6, 9, 12, 18, 24, 36, 48, 64, 96, 128)
THREADS_MOST = 256


@dataclass(frozen=True)
class Step:
    """What to measure next.

    Attributes:
        setting: workers and threads.
        repeat: its how manieth run, from 0.
        left: how many runs are expected after this one.
    """

    setting: Setting
    repeat: int
    left: int


def next_step(findings: Findings) -> Step | None:
    """Return what to measure next; None if nothing is left that could change the recommendation."""
    options = findings.info.options
    if options.workers and options.threads:
        grid = [Setting(workers, threads) for workers in options.workers for threads in options.threads]
        return next_of(shuffled(grid, options.seed, len(findings.runs) // len(grid)), findings)
    if findings.prediction is None:
        return next_of(starters(findings), findings)
    return Search(findings, findings.prediction).next()


def next_of(settings: Sequence[Setting], findings: Findings) -> Step | None:
    """Return the next of these settings that lacks a run. One that failed or was void is not tried again."""
    over = {run.setting for run in findings.runs if not run.ok}
    had = Counter(run.setting for run in findings.runs)
    todo = [
        (setting, repeat)
        for repeat in range(findings.info.options.repeats)
        for setting in settings
        if setting not in over and repeat >= had[setting]
    ]
    return Step(*todo[0], left=len(todo) - 1) if todo else None


def starters(findings: Findings) -> list[Setting]:
    """Return settings that are worth a try before anything is known: a loaded run first, then some plain ones."""
    info, options = findings.info, findings.info.options
    vcpu = info.plan.vcpu
    most = max(options.workers, default=2 * vcpu + 1)
    base_mb = info.unloaded_memory_mb
    if base_mb and not options.workers:  # of an app as large as this one, fewer may fit
        most = max(1, min(most, int(memory_room(info) / base_mb)))
    loaded = Setting(most, threads_for(options.users, most, options))
    counts = options.workers or sorted({1, vcpu, 2 * vcpu + 1})
    levels = options.threads or (1, 6, loaded.threads)
    return list(dict.fromkeys([loaded, *(Setting(workers, threads) for workers in counts for threads in levels)]))


def threads_for(slots: float, workers: int, options: Options) -> int:
    """Return the fewest threads that give so many slots; of those in the options, if it has some."""
    threads = max(1, min(THREADS_MOST, math.ceil(slots / workers - 1e-9)))
    if options.threads:
        return next((level for level in options.threads if level >= threads), options.threads[-1])
    return threads


class Search:
    """The search when the bounds are known.

    Attributes:
        info, options: of the sweep.
        prediction: of every setting.
        cells: what was measured so far, by setting.
        best: the fastest cell that could be recommended; None so far without one.
        start: the cell around which to look further: the best, or the quickest if none keeps to --max-p95.
    """

    def __init__(self, findings: Findings, prediction: Prediction) -> None:
        """Take stock."""
        self.info, self.options, self.prediction = findings.info, findings.info.options, prediction
        self.cells = {setting: cell for setting, cell in findings.by_setting.items() if cell.state != "skipped"}
        allowed = [cell for cell in self.cells.values() if cell.rps and not obstacle(cell, self.info)]
        self.best = max(allowed, key=lambda cell: cell.rate, default=None)
        fit = [cell for cell in self.cells.values() if cell.p95_ms and not unfit(cell, self.info)]
        self.start = self.best or min(fit, key=lambda cell: cell.p95, default=None)

    def next(self) -> Step | None:
        """Return the next step."""
        todo = self.unmeasured()
        again = list(self.repeats())
        if todo and len(self.cells) < CELLS_MOST:
            return Step(todo[0], 0, left=len(todo) - 1 + len(again) + self.options.repeats - 1)
        if not again:
            return None
        repeat = min(repeat for _, repeat in again)
        order = shuffled([setting for setting, of in again if of == repeat], self.options.seed, repeat)
        return Step(order[0], repeat, left=len(again) - 1)

    # --- settings that were not measured yet ----------------------------------------------------------

    def unmeasured(self) -> list[Setting]:
        """Return the settings that are worth their first run, the most promising first."""
        todo = [setting for setting in self.candidates() if setting not in self.cells and not self.reason(setting)]
        if not todo and self.start:
            todo = [
                setting
                for setting in self.neighbours(self.start)
                if setting not in self.cells and not self.reason(setting)
            ]
        return sorted(todo, key=lambda setting: (-self.prediction.bound(setting)[0], setting.slots, setting.workers))

    def worker_counts(self) -> list[int]:
        """Return the numbers of workers to look at."""
        vcpu = self.prediction.vcpu
        if self.options.workers:
            return list(self.options.workers)
        if vcpu <= 2:
            return list(range(1, 2 * vcpu + 2))
        return sorted({1, vcpu // 2, vcpu, vcpu + 1, 2 * vcpu, 2 * vcpu + 1})

    def candidates(self) -> list[Setting]:
        """Return, for each number of workers, the fewest threads that the bounds ask for, and half as many again."""
        settings = []
        for workers in self.worker_counts():
            needed = self.prediction.slots_for(self.prediction.most_rps(workers))
            for factor in (1.0, MORE):
                slots = min(float(self.prediction.users), factor * needed)
                settings.append(Setting(workers, threads_for(slots, workers, self.options)))
        return list(dict.fromkeys(settings))

    def neighbours(self, cell: Cell) -> list[Setting]:
        """Return the settings around one that stays behind its bound; none around one that the bounds explain.

        A p95 above the limit is never explained: the bounds know nothing of it.
        """
        setting = cell.setting
        if cell is self.best and cell.bound_rps and cell.rate >= EXPLAINED * cell.bound_rps:
            return []
        most = math.ceil(self.prediction.users / setting.workers)
        levels = (min(most, math.ceil(setting.threads * MORE)), max(1, math.floor(setting.threads / MORE)))
        near = [
            Setting(setting.workers, threads_for(level * setting.workers, setting.workers, self.options))
            for level in levels
        ]
        counts = self.worker_counts()
        if not self.options.workers:
            counts = [*counts, setting.workers + 1]
        for workers in (setting.workers - 1, setting.workers + 1):
            if workers in counts:
                near.append(Setting(workers, threads_for(setting.slots, workers, self.options)))
        return [other for other in dict.fromkeys(near) if other != setting]

    def reason(self, setting: Setting) -> str | None:
        """Return why a setting need not be measured; None if it may be the best, or as good and cheaper."""
        info, prediction = self.info, self.prediction
        memory = prediction.memory_mb(setting.workers)
        if setting.workers > 1 and memory > memory_room(info):
            return f"would take {memory:.0f} MB, and the plan has {memory_room(info):.0f} MB with its headroom"
        highest, limit = prediction.bound(setting)
        limit_ms = self.options.max_p95
        mean_ms = prediction.response_s(setting) * 1e3
        if limit_ms is not None and mean_ms > limit_ms:
            return f"its mean response is {mean_ms:.0f} ms at best, by its {limit} bound: --max-p95 is {limit_ms:g} ms"
        if self.best and highest < self.best.rate * (1 - NOISE):
            return f"{highest:.3g} requests/s at most, by its {limit} bound: {self.fastest()}"
        return None

    # --- settings that are measured again -------------------------------------------------------------

    def repeats(self) -> Iterator[tuple[Setting, int]]:
        """Return (setting, repeat) for what the settings that could be the best still lack."""
        low = 0.0
        if self.best and self.best.rps:
            low = self.best.rps.low if len(self.best.runs) > 1 else self.best.rate * (1 - NOISE)
        for cell in self.cells.values():
            if cell.rps is None or not self.may_be_allowed(cell):
                continue
            high = cell.rps.high if len(cell.runs) > 1 else cell.rate * (1 + NOISE)
            if high >= low:
                for repeat in range(len(cell.runs), self.options.repeats):
                    yield cell.setting, repeat

    def may_be_allowed(self, cell: Cell) -> bool:
        """Whether it could be recommended; also if its p95 is above the limit by no more than the noise."""
        limit_ms = self.options.max_p95
        quick = limit_ms is None or cell.p95_ms is None or cell.p95_ms.low <= limit_ms
        return quick and not unfit(cell, self.info)

    # --- for the report ---------------------------------------------------------------------------------

    def skipped(self) -> list[tuple[Setting, str]]:
        """Return the settings that were looked at and not measured, with the reason."""
        counts = self.worker_counts()
        ladder = self.options.threads or [level for level in LADDER if level <= max(1, self.prediction.users)]
        every = [Setting(workers, threads) for workers in counts for threads in ladder]
        reasons = {}
        for setting in dict.fromkeys([*self.candidates(), *every]):
            if setting not in self.cells:
                reasons[setting] = self.reason(setting) or self.nothing_to_gain(setting)
        return sorted(reasons.items())

    def nothing_to_gain(self, setting: Setting) -> str:
        """Say why a setting whose bound is no lower was not measured."""
        if self.best is None:
            return "no setting that was measured could be recommended, nor one around the quickest"
        if setting.workers * (setting.threads - 1) >= self.prediction.users:
            return f"has more slots than {self.prediction.users} users can fill"
        if self.best.rate >= self.prediction.best_rps * (1 - NOISE):
            return f"no setting can exceed {self.prediction.best_rps:.3g} requests/s, and {self.best.setting} is there"
        if len(self.cells) >= CELLS_MOST:
            return f"{CELLS_MOST} settings were measured, and others promised more"
        return f"the bounds promise it no more than its neighbours reached: {self.fastest()}"

    def fastest(self) -> str:
        """Name the best setting so far."""
        return f"{self.best.setting} serves {self.best.rate:.3g}" if self.best else "none serves"


def shuffled(settings: Iterable[Setting], seed: int, repeat: int) -> Sequence[Setting]:
    """Return the settings in an order of this repeat's own, whichever of them are asked for."""
    return sorted(settings, key=lambda setting: random.Random(f"{seed} {repeat} {setting}").random())  # noqa: S311
