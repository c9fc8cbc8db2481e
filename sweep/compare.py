"""Two sweeps side by side: before and after a change of the code, of a setting held fixed, or of a version.

What changed is told apart from noise by the intervals over the repeats; where they overlap it is "same".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sweep.predict import Demand, demand_of
from sweep.recommend import Recommendation, recommend
from sweep.results import Results, Run, Setting
from sweep.summary import Cell, Interval, cells
from sweep.text import NONE, figure, one_line, plain

# With one of these different, or with another plan, the two sweeps measured different things.
DECISIVE = ("users", "scenario")
# These are where it was written, the order, and what the table or the plan shows.
SILENT = ("seed", "workers", "threads", "plan")

# Runs of one setting differ by this much, so no interval is narrower; those of throughput and p95 are in summary.
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
    """What is not the same, by name."""

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        """In a line."""
        return f"{self.name} {self.before or NONE} → {self.after or NONE}"


@dataclass(frozen=True)
class Comparison:
    """Two sweeps side by side.

    Attributes:
        names: their folders.
        rows: the settings that both measured without a failure.
        states: the settings that one of them measured so, and in the other failed or are void.
        demands: what a request asks of the server; None without a probe.
        recommendations: of both.
        decisive: the differences that make a comparison invalid.
        others: the other differences of options and environment.
    """

    names: tuple[str, str]
    rows: tuple[Row, ...]
    states: tuple[Difference, ...]
    demands: tuple[Demand | None, Demand | None]
    recommendations: tuple[Recommendation, Recommendation]
    decisive: tuple[Difference, ...]
    others: tuple[Difference, ...]


def compare(before: Results, after: Results) -> Comparison:
    """Set two sweeps side by side."""
    sides = (before, after)
    demands = (demand_of(before), demand_of(after))
    of_both = [cells(results, demand) for results, demand in zip(sides, demands, strict=True)]
    first, second = ({cell.setting: cell for cell in of_one if cell.runs} for of_one in of_both)
    common = sorted(first.keys() & second.keys())
    options = differences(before.info.options, after.info.options)
    plans = differences(before.info.plan, after.info.plan, "plan's ")
    return Comparison(
        names=(str(before.folder), str(after.folder)),
        rows=tuple(
            row(first[setting], second[setting])
            for setting in common
            if first[setting].state == second[setting].state == "ok"
        ),
        states=tuple(
            Difference(str(setting), first[setting].state, second[setting].state)
            for setting in common
            if first[setting].state != second[setting].state
        ),
        demands=demands,
        recommendations=(recommend(of_both[0], before.info), recommend(of_both[1], after.info)),
        decisive=(*(one for one in options if one.name in DECISIVE), *plans),
        others=(
            *(one for one in options if one.name not in (*DECISIVE, *SILENT)),
            *differences(before.info.environment, after.info.environment),
        ),
    )


def differences(before: dict[str, Any], after: dict[str, Any], prefix: str = "") -> list[Difference]:
    """Return what differs, in the order of the first."""
    names = [*before, *(name for name in after if name not in before)]
    return [
        Difference(prefix + plain(name), shown(before.get(name)), shown(after.get(name)))
        for name in names
        if before.get(name) != after.get(name)
    ]


def shown(value: Any) -> str:
    """Return an option's value as it is written on the command line."""
    if isinstance(value, dict):
        return " ".join(f"{name}={held}" for name, held in value.items())
    if isinstance(value, (list, tuple)):
        return ",".join(str(item) for item in value)
    return "" if value is None else one_line(str(value))


def row(before: Cell, after: Cell) -> Row:
    """Compare a setting."""

    def both(get: Callable[[Run], float | None], resolution: float) -> Change:
        return Change(interval(before.runs, get, resolution), interval(after.runs, get, resolution))

    return Row(
        setting=before.setting,
        rps=Change(before.rps, after.rps, more_is_better=True),
        p95_ms=Change(before.p95_ms, after.p95_ms),
        cpu_ms=both(lambda run: run.analysis["cpu_ms"]["mean"] if run.analysis else None, CPU_RESOLUTION),
        memory_mb=both(lambda run: run.outside["memory_peak_mb"] if run.outside else None, MEMORY_RESOLUTION),
    )


def interval(runs: Sequence[Run], get: Callable[[Run], float | None], resolution: float) -> Interval | None:
    """Return a figure over the runs that have it."""
    values = [value for run in runs if run.ok and (value := get(run)) is not None]
    return Interval.of(values, resolution) if values else None


# --- for the terminal --------------------------------------------------------------------------------

STYLES = {"better": "green", "worse": "red", "same": "dim", "": ""}


def render(comparison: Comparison, console: Console) -> None:
    """Print it. Names and values are foreign text, so nothing in them is taken for markup."""

    def say(text: str, style: str = "") -> None:
        console.print(Text(text, style=style))

    if comparison.decisive:
        told = ", ".join(str(one) for one in comparison.decisive)
        say(f"Not comparable, as the two sweeps measured different things: {told}", "bold red")
    for one in comparison.others:
        say(f"differs: {one}", "dim")
    if comparison.rows:
        console.print(table(comparison))
    elif not comparison.states:
        say("No setting was measured in both: pass the same --workers and --threads to both sweeps")
    for one in comparison.states:
        say(f"state of {one}", "red")
    say(demand_line(*comparison.demands))
    for name, recommendation in zip(comparison.names, comparison.recommendations, strict=True):
        say(f"{plain(name)}: {recommendation.setting or 'no recommendation'}. {plain(recommendation.reason)}")


def table(comparison: Comparison) -> Table:
    """Return the settings, with a change in % below each pair of figures."""
    title = f"{plain(comparison.names[0])} → {plain(comparison.names[1])}"
    made = Table(title=Text(title), caption=Text("same: the intervals over the repeats overlap"), show_lines=True)
    made.add_column("setting")
    for head in ("requests/s", "p95, ms", "CPU in the app, ms", "memory, MB"):
        made.add_column(head, justify="right")
    for one in comparison.rows:
        made.add_row(str(one.setting), *(pair(change) for change in (one.rps, one.p95_ms, one.cpu_ms, one.memory_mb)))
    return made


def pair(change: Change) -> Text:
    """Return both figures, and the change."""
    before, after = (side.mean if side else None for side in (change.before, change.after))
    text = Text(f"{figure(before)} → {figure(after)}")
    if change.share is not None:
        text.append(f"\n{change.share:+.1%} {change.word}", STYLES[change.word])
    return text


def demand_line(before: Demand | None, after: Demand | None) -> str:
    """Say what a request asks of the server, before and after."""
    app = (side.app_s * 1e3 if side else None for side in (before, after))
    cpu = (side.cpu_s * 1e3 if side else None for side in (before, after))
    return (
        f"undisturbed, a request takes {' → '.join(map(figure, app))} ms in the app, "
        f"and {' → '.join(map(figure, cpu))} ms of CPU in the server"
    )
