"""Two sweeps or runs side by side, on the terminal and as a page."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sweep.decide.comparison import Change, Comparison, Difference, Row
from sweep.report.text import NONE, figure, one_line, plain

SAME = "same: the intervals of the two overlap"
STYLES = {"better": "green", "worse": "red", "same": "dim", "": ""}


def render(comparison: Comparison, names: tuple[str, str], console: Console) -> None:
    """Print it. Names and values are foreign text, so nothing in them is taken for markup.

    Args:
        comparison: of the two.
        names: theirs.
        console: where to.
    """

    def say(text: str, style: str = "") -> None:
        console.print(Text(text, style=style))

    if comparison.decisive:
        told = ", ".join(map(in_a_line, comparison.decisive))
        say(f"{not_comparable(comparison)}: {told}", "bold red")
    for difference in comparison.others:
        say(f"differs: {in_a_line(difference)}", "dim")
    if comparison.rows:
        console.print(table(comparison.rows, names))
    elif not comparison.states:
        say(nothing_in_common(comparison))
    for state in comparison.states:
        say(f"state of {in_a_line(state)}", "red")
    say(demand_line(comparison))
    for name, side in zip(names, (comparison.before, comparison.after), strict=True):
        say(f"{plain(name)}: {plain(side.conclusion)}")


def not_comparable(comparison: Comparison) -> str:
    """Say that the two measured different things."""
    kinds = f"{comparison.before.kind}s " if comparison.alike else ""
    return f"Not comparable, as the two {kinds}measured different things"


def nothing_in_common(comparison: Comparison) -> str:
    """Say that there is no row."""
    if comparison.before.kind == comparison.after.kind == "sweep":
        return "No setting was measured in both: pass the same --workers and --threads to both sweeps"
    return "No setting was measured in both: a run is compared with a sweep's runs of the same setting"


def in_a_line(difference: Difference) -> str:
    """Return a difference as text."""
    before, after = one_line(difference.before) or NONE, one_line(difference.after) or NONE
    return f"{plain(difference.name)} {before} → {after}"


def table(rows: Sequence[Row], names: tuple[str, str]) -> Table:
    """Return the settings, with a change in % below each pair of figures."""
    title = f"{plain(names[0])} → {plain(names[1])}"
    made = Table(title=Text(title), caption=Text(SAME), show_lines=True)
    made.add_column("setting")
    for head in ("requests/s", "p95, ms", "CPU in the app, ms", "memory, MB"):
        made.add_column(head, justify="right")
    for row in rows:
        made.add_row(row.label, *map(pair, (row.rps, row.p95_ms, row.cpu_ms, row.memory_mb)))
    return made


def pair(change: Change) -> Text:
    """Return both figures, and the change."""
    before, after = (side.mean if side else None for side in (change.before, change.after))
    text = Text(f"{figure(before)} → {figure(after)}")
    if change.share is not None:
        text.append(f"\n{change.share:+.1%} {change.word}", STYLES[change.word])
    return text


def demand_line(comparison: Comparison) -> str:
    """Say what a request asks of the server, before and after."""
    sides = (comparison.before, comparison.after)
    app = (side.app_s * 1e3 if side.app_s is not None else None for side in sides)
    cpu = (side.cpu_s * 1e3 if side.cpu_s is not None else None for side in sides)
    undisturbed = "undisturbed, " if {side.kind for side in sides} == {"sweep"} else ""
    return (
        f"{undisturbed}a request takes {' → '.join(map(figure, app))} ms in the app, "
        f"and {' → '.join(map(figure, cpu))} ms of CPU in the server"
    )
