"""Which setting to measure next, and why the others need not be.

The next step follows from the options and the runs so far alone, so a sweep that was killed goes on as it would have.
With a grid, every setting is measured, in an order shuffled anew for each repeat. Without one:

1. A loaded run: 2 × vCPU + 1 workers with a slot for each user. With the unloaded probe it gives what a request asks
   of the server, and so the bounds of every setting.
2. What is worth a try then, by `moves`: until the best is explained by its bound, or nothing promises more.
3. Settings that could be the best are measured again, in a shuffled order, until they have `repeats` runs.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from explain_laws import Setting
from explain_words import figure
from sweep.decide.cells import Cell, served
from sweep.decide.findings import Findings
from sweep.decide.moves import LEAST_SLOTS, Moves
from sweep.decide.prediction import Prediction
from sweep.decide.ranking import memory_room, unfit
from sweep.decide.stock import near, threads_for
from sweep.records import Info, Run

# Settings that are measured; where users think, the laws say more beforehand, and the windows are longer.
CELLS_MOST, CELLS_MOST_THINKING = 10, 5
# Settings that are measured again, of those that could be the best.
FINALISTS, FINALISTS_THINKING = 4, 2
# One window may be so much too low; if other programs had much of gunicorn's cores, by more.
WINDOW_NOISE, DISTURBED_NOISE = 0.06, 0.15
# With so many that say nothing of the app, or with so many that fail before one is ok, further ones say no more.
VOID_MOST = 3
# Shown in the report as skipped, beside what was a candidate.
LADDER = (1, 2, 4, 6, 9, 12, 18, 24, 36, 48, 64, 96, 128)


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
    if options.is_grid:
        grid = [Setting(workers, threads) for workers in options.workers for threads in options.threads]
        return next_of(shuffled(grid, options.seed, len(findings.runs) // len(grid)), findings, options.repeats)
    if findings.prediction is None:
        if voids(findings.runs) >= VOID_MOST:
            return None
        return next_of(starters(findings), findings, options.repeats)
    return Search(findings, findings.prediction).next()


def voids(runs: Iterable[Run]) -> int:
    """Return how many settings have a run that says nothing of them."""
    return len({run.setting for run in runs if run.void})


def next_of(settings: Sequence[Setting], findings: Findings, repeats: int) -> Step | None:
    """Return the next of these settings that lacks a run. One that failed or was void is not tried again."""
    over = {run.setting for run in findings.runs if not run.ok}
    had = Counter(run.setting for run in findings.runs)
    todo = [
        (setting, repeat)
        for repeat in range(repeats)
        for setting in settings
        if setting not in over and repeat >= had[setting]
    ]
    return Step(*todo[0], left=len(todo) - 1) if todo else None


def starters(findings: Findings) -> list[Setting]:
    """Return settings that are worth a try before anything is known: a slot for each user, then fewer and fewer."""
    info, options = findings.info, findings.info.options
    vcpu, base_mb = info.plan.vcpu, info.unloaded_memory_mb
    most = max(options.workers, default=2 * vcpu + 1)
    if base_mb and not options.workers:  # of an app as large as this one, fewer may fit
        most = max(1, min(most, int(memory_room(info) / base_mb)))
    few = min(options.workers, default=min(2, most))
    users = most_at_a_time(info)
    settings = [Setting(most, threads_for(users, most, options))]
    slots = [users / share for share in (1, 2, 4, 8)]
    if answered := [run.analysis for run in findings.runs if not run.ok and run.analysis]:
        # Where it answers and most of it is failures, as many slots fail again; as many as succeeded may not.
        alone = info.unloaded.demand.app_s if info.unloaded else None
        succeeded = max(map(served, answered)) * (alone or 0.0) or slots[1]
        slots = [succeeded / share for share in (1, 2, 4, 8)]
    settings += [Setting(few, threads_for(max(2 / few, number), few, options)) for number in slots]
    if not answered and not options.workers:  # what cannot start may be what only one process can do
        settings.insert(2, Setting(1, threads_for(users, 1, options)))
    settings += [Setting(workers, settings[0].threads) for workers in options.workers]
    tried = {run.setting for run in findings.runs}
    again = {setting for setting in settings if setting in tried or not near(setting, tried)}
    return [setting for setting in dict.fromkeys(settings) if setting.slots > 1 and setting in again]


def most_at_a_time(info: Info) -> float:
    """Return how many requests can be expected at a time, at most.

    Of arrivals, λ · S are, which varies as chance has it; with room for requests that take twice as long.
    """
    if info.options.rps is None or info.unloaded is None:
        return info.options.users
    mean = 2 * info.options.rps * (info.unloaded.demand.app_s or 0.0)
    return max(LEAST_SLOTS, math.ceil(mean + 3 * math.sqrt(mean)))


class Search:
    """The search when the bounds are known.

    Attributes:
        info, options: of the sweep.
        prediction: of every setting.
        cells: what was measured so far, by setting.
        moves: what is worth a first run.
        best: the fastest cell that could be recommended; None so far without one.
        ranking, chosen: how the cells stand now, and what would be recommended.
    """

    def __init__(self, findings: Findings, prediction: Prediction) -> None:
        """Take stock."""
        self.info, self.options, self.prediction = findings.info, findings.info.options, prediction
        self.cells = {setting: cell for setting, cell in findings.by_setting.items() if cell.state != "skipped"}
        self.ranking, self.chosen = findings.ranking, findings.best
        self.moves = Moves(self.cells, self.info, prediction)
        self.best = self.moves.best

    def next(self) -> Step | None:
        """Return the next step."""
        again = list(self.repeats())
        most = CELLS_MOST_THINKING if self.prediction.thinking else CELLS_MOST
        more = len(self.cells) < most and voids(run for cell in self.cells.values() for run in cell.runs) < VOID_MOST
        if more and (setting := self.moves.next()):
            return Step(setting, 0, left=len(again) + self.options.repeats)
        if not again:
            return None
        repeat = min(repeat for _, repeat in again)
        order = shuffled([setting for setting, of in again if of == repeat], self.options.seed, repeat)
        return Step(order[0], repeat, left=len(again) - 1)

    # --- settings that are measured again -------------------------------------------------------------

    def repeats(self) -> Iterator[tuple[Setting, int]]:
        """Return (setting, repeat) for what the settings that could be the best still lack."""
        for cell in self.finalists():
            for repeat in range(len(cell.runs), self.options.repeats):
                yield cell.setting, repeat

    def finalists(self) -> list[Cell]:
        """Return the cells that could be the best."""
        if self.prediction.thinking and self.ranking:
            return [self.ranking.chosen, *self.ranking.others][:FINALISTS_THINKING]
        low = 0.0
        if self.best and self.best.rps:
            low = self.best.rps.low if len(self.best.runs) > 1 else self.best.rate
        could = [
            cell
            for cell in self.cells.values()
            if cell.rps and self.may_be_allowed(cell)
            if cell is self.chosen or max(cell.rps.high, cell.rate * self.noise(cell)) >= low
        ]
        # Those that had a second run stay, or two that change places would have all others measured again, too.
        order = sorted(could, key=lambda cell: (-len(cell.runs), cell is not self.chosen, -cell.rate))
        return order[:FINALISTS]

    def noise(self, cell: Cell) -> float:
        """Return how much higher a cell may be than what was measured of it."""
        if cell.disturbed and len(cell.runs) < self.options.repeats:
            return 1 + DISTURBED_NOISE
        return 1.0 if len(cell.runs) > 1 else 1 + WINDOW_NOISE

    def may_be_allowed(self, cell: Cell) -> bool:
        """Whether it could be recommended; also if its p95 is above the limit by no more than the noise."""
        limit_ms = self.options.max_p95
        quick = limit_ms is None or cell.p95_ms is None or cell.p95_ms.low <= limit_ms
        return quick and not unfit(cell, self.info)

    # --- for the report ---------------------------------------------------------------------------------

    def skipped(self) -> list[tuple[Setting, str]]:
        """Return the settings that were looked at and not measured, with the reason."""
        counts = self.options.workers or sorted({1, 2, *self.moves.worker_counts()})
        ladder = self.options.threads or [level for level in LADDER if level <= max(1, self.prediction.users)]
        every = [Setting(workers, threads) for workers in counts for threads in ladder]
        reasons = {}
        for setting in every:
            if setting not in self.cells:
                reasons[setting] = self.moves.reason(setting) or self.nothing_to_gain(setting)
        return sorted(reasons.items())

    def nothing_to_gain(self, setting: Setting) -> str:
        """Say why a setting whose bound is no lower was not measured."""
        if self.best is None:
            return "no setting that was measured could be recommended, nor one around the quickest"
        if self.moves.unused(setting):
            return f"has more slots than {self.prediction.users} users can fill"
        if self.prediction.thinking:
            who = self.options.load if self.prediction.is_open else "these users, who think"
            return f"{self.prediction.enough_slots()} slots are enough for {who}, and were measured"
        if self.moves.explained:
            return (
                f"no setting can exceed {figure(self.prediction.best_rps)} requests/s, and {self.best.setting} is there"
            )
        if len(self.cells) >= CELLS_MOST:
            return f"{CELLS_MOST} settings were measured, and others promised more"
        return f"those around it served no more than {self.moves.fastest()}"


def shuffled(settings: Iterable[Setting], seed: int, repeat: int) -> Sequence[Setting]:
    """Return the settings in an order of this repeat's own, whichever of them are asked for."""
    return sorted(settings, key=lambda setting: random.Random(f"{seed} {repeat} {setting}").random())  # noqa: S311
