"""Two sweeps side by side: before and after a change of the code, of a setting held fixed, or of a version.

What changed is told apart from noise by the intervals over the repeats; where they overlap it is "same".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from explain_laws import Setting
from sweep.decide.cells import Cell, Interval
from sweep.decide.findings import Findings
from sweep.records import PlanSize, Run

# With one of these different, or with another plan, the two sweeps measured different things.
DECISIVE = ("users", "rps", "scenario", "pause")
# These are where it was written, the order, and what the table or the plan shows.
SILENT = ("seed", "workers", "threads", "plan")

# Runs of one setting differ by this much, so no interval is narrower; those of throughput and p95 are in cells.
CPU_RESOLUTION, MEMORY_RESOLUTION = 0.05, 0.02


@dataclass(frozen=True)
class Change:
    """A figure before and after.

    Attributes:
        before, after: its intervals; None where it was not measured.
        more_is_better: True for throughput.
    """

    before: Interval | None
    after: Interval | None
    more_is_better: bool = False

    @property
    def share(self) -> float | None:
        """By how much it grew, as a share of before."""
        if self.before is None or self.after is None or not self.before.mean:
            return None
        return self.after.mean / self.before.mean - 1

    @property
    def word(self) -> str:
        """One of "better", "worse", "same", or "" where one of the two is missing."""
        if self.before is None or self.after is None:
            return ""
        if self.before.overlaps(self.after):
            return "same"
        return "better" if (self.after.mean > self.before.mean) == self.more_is_better else "worse"


@dataclass(frozen=True)
class Row:
    """A setting that both sweeps measured: requests/s, 95th percentile, CPU of a request in the app, peak memory."""

    setting: Setting
    rps: Change
    p95_ms: Change
    cpu_ms: Change
    memory_mb: Change


@dataclass(frozen=True)
class Difference:
    """What is not the same, by name; "" where it is not there."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Comparison:
    """Two sweeps side by side.

    Attributes:
        before, after: the two.
        rows: the settings that both measured without a failure.
        states: the settings that one of them measured so, and in the other failed or are void.
        decisive: the differences that make a comparison invalid.
        others: the other differences of options and environment.
    """

    before: Findings
    after: Findings
    rows: tuple[Row, ...]
    states: tuple[Difference, ...]
    decisive: tuple[Difference, ...]
    others: tuple[Difference, ...]


def compare(before: Findings, after: Findings) -> Comparison:
    """Set two sweeps side by side."""
    pairs = [
        (cell, after.by_setting[setting])
        for setting, cell in before.by_setting.items()
        if cell.runs and setting in after.by_setting and after.by_setting[setting].runs
    ]
    options = differences(before.info.options.as_texts(), after.info.options.as_texts())
    return Comparison(
        before=before,
        after=after,
        rows=tuple(row(first, second) for first, second in pairs if first.state == second.state == "ok"),
        states=tuple(
            Difference(str(first.setting), first.state, second.state)
            for first, second in pairs
            if first.state != second.state
        ),
        decisive=(
            *(one for one in options if one.name in DECISIVE),
            *differences(plan_texts(before.info.plan), plan_texts(after.info.plan)),
        ),
        others=(
            *(one for one in options if one.name not in (*DECISIVE, *SILENT)),
            *differences({"worker class": worker_class(before)}, {"worker class": worker_class(after)}),
            *differences(before.info.environment, after.info.environment),
        ),
    )


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[Difference]:
    """Return what differs, in the order of the first."""
    names = [*before, *(name for name in after if name not in before)]
    return [
        Difference(name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name, "") != after.get(name, "")
    ]


def plan_texts(plan: PlanSize) -> dict[str, str]:
    """Return a plan's size as text, by name."""
    return {f"plan's {name}": str(value) for name, value in msgspec.structs.asdict(plan).items()}


def worker_class(findings: Findings) -> str:
    """Return the worker class that ran, which the options only have where it was asked for; "" without a run."""
    classes = (run.analysis.setting.worker_class for run in findings.runs if run.analysis)
    return next(filter(None, classes), "")


def row(before: Cell, after: Cell) -> Row:
    """Compare a setting."""

    def both(get: Callable[[Run], float | None], resolution: float) -> Change:
        first, second = (Interval.of((get(run) for run in cell.runs if run.ok), resolution) for cell in (before, after))
        return Change(first, second)

    return Row(
        setting=before.setting,
        rps=Change(before.rps, after.rps, more_is_better=True),
        p95_ms=Change(before.p95_ms, after.p95_ms),
        cpu_ms=both(lambda run: run.analysis.cpu_ms.mean if run.analysis else None, CPU_RESOLUTION),
        memory_mb=both(lambda run: run.outside.memory_peak_mb if run.outside else None, MEMORY_RESOLUTION),
    )
