"""The report's two heatmaps: a figure for each setting over workers × threads."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from explain_laws import Setting
from sweep.decide.cells import Cell
from sweep.report.charts import Chart, base
from sweep.report.text import NONE, figure, first_line

# Legible for those who cannot tell red from green, and in grey. Brighter is better in both maps. Its darker part is
# left out, so that black figures can be read on all of it.
SCALE, INK = sample_colorscale("Viridis", 11, low=0.45), "#000000"
# With more columns than these, the figures of a phone's page would overlap, or be too small.
MOST_COLUMNS, MANY_COLUMNS = 14, 9
MOST_TICKS = 4  # of a scale on which no two numbers are that are 1, 2 or 5 times a power of ten
BORDERS = {"skipped": ("dot", "var(--line)"), "failed": ("solid", "var(--bad)"), "void": ("dash", "var(--wait)")}


@dataclass(frozen=True)
class Place:
    """Where the settings are: index of each by its workers, and by its threads, in numeric order."""

    workers: list[int]
    threads: list[int]

    @classmethod
    def of(cls, cells: Sequence[Cell]) -> Place:
        """Return the places of these settings."""
        return cls(
            sorted({cell.setting.workers for cell in cells}),
            sorted({cell.setting.threads for cell in cells}),
        )

    def __call__(self, setting: Setting) -> tuple[int, int]:
        """Return column and row."""
        return self.threads.index(setting.threads), self.workers.index(setting.workers)


def throughput(cells: Sequence[Cell], best: Setting | None) -> Chart:
    """Requests per second."""
    values = {cell.setting: cell.rps.mean for cell in cells if cell.rps and cell.state == "ok"}
    made = heatmap(cells, best, values, unit="requests/s", log=False)
    return Chart(
        "throughput", "Throughput, requests/s", "Brighter is more.", alt("Requests per second", values, best), made
    )


def latency(cells: Sequence[Cell], best: Setting | None) -> Chart:
    """The 95th percentile of the response time."""
    values = {
        cell.setting: cell.p95_ms.mean for cell in cells if cell.p95_ms and cell.p95_ms.mean > 0 and cell.state == "ok"
    }
    made = heatmap(cells, best, values, unit="ms", log=True)
    return Chart(
        "latency",
        "95th percentile of the response time, ms",
        "Brighter is quicker; the scale is logarithmic.",
        alt("95th percentile of the response time in ms", values, best),
        made,
    )


def alt(what: str, values: dict[Setting, float], best: Setting | None) -> str:
    """Say what a map shows."""
    told = "; ".join(f"{setting} {figure(value)}" for setting, value in values.items())
    return f"{what} over workers × threads: {told or 'none measured'}." + (f" Recommended: {best}." if best else "")


def heatmap(
    cells: Sequence[Cell], best: Setting | None, values: dict[Setting, float], *, unit: str, log: bool
) -> go.Figure:
    """Return a map of the values. A setting without one is framed, and says why.

    Args:
        cells: all settings.
        best: the one to mark.
        values: of those that have one.
        unit: of the values.
        log: colour by the logarithm, and the lowest brightest.
    """
    place = Place.of(cells)
    columns, lines = len(place.threads), len(place.workers)
    step = math.ceil(columns / MOST_COLUMNS)
    size = 12 if columns <= MANY_COLUMNS else 9
    made = base(44 * lines + 104, margin={"l": 52, "r": 8, "t": 18, "b": 86}, showlegend=False)
    made.update_xaxes(
        title={"text": "threads of each worker", "standoff": 6},
        tickvals=list(range(0, columns, step)),
        ticktext=[str(number) for number in place.threads[::step]],
        range=[-0.5, columns - 0.5],
        showgrid=False,
        zeroline=False,
    )
    made.update_yaxes(
        title={"text": "workers", "standoff": 6},
        tickvals=list(range(lines)),
        ticktext=[str(number) for number in place.workers],
        range=[-0.5, lines - 0.5],
        showgrid=False,
        zeroline=False,
    )
    if values:
        made.add_trace(coloured(place, values, unit, log, size if columns <= MOST_COLUMNS else None))
    for state in BORDERS:
        framed = [cell for cell in cells if cell.setting not in values and cell.state == state]
        if framed:
            frame(made, place, framed, size if columns <= MOST_COLUMNS else None, bound=not log)
    if best in values:
        mark(made, *place(best), columns)
    return made


def coloured(place: Place, values: dict[Setting, float], unit: str, log: bool, size: int | None) -> go.Heatmap:
    """Return the cells with a value, and their figures in this size; None for colours alone."""
    texts = [[""] * len(place.threads) for _ in place.workers]
    z: list[list[float | None]] = [[None] * len(place.threads) for _ in place.workers]
    hover = [[""] * len(place.threads) for _ in place.workers]
    for setting, value in values.items():
        column, row = place(setting)
        z[row][column] = math.log10(value) if log else value
        texts[row][column] = figure(value)
        hover[row][column] = f"<b>{setting}</b><br>{figure(value, unit)}"
    low, high = scale(values, log)
    ticks = nice(low, high) if log else []
    bar = (
        {
            "tickvals": [math.log10(tick) for tick in ticks],
            "ticktext": [f"{tick:.0f}" if tick >= 10 else f"{tick:.3g}" for tick in ticks],
        }
        if log
        else {}
    )
    written = {"text": texts, "texttemplate": "%{text}", "textfont": {"size": size, "color": INK}} if size else {}
    return go.Heatmap(
        z=z,
        **written,
        customdata=hover,
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        colorscale=SCALE,
        reversescale=log,
        zmin=math.log10(low) if log else low,
        zmax=math.log10(high) if log else high,
        xgap=3,
        ygap=3,
        colorbar={
            "orientation": "h",
            "thickness": 8,
            "len": 1,
            "xpad": 0,
            "yref": "container",
            "y": 0,
            "yanchor": "bottom",
            "ypad": 4,
            "outlinewidth": 0,
            "tickfont": {"size": 10},
            "exponentformat": "none",
            **bar,
        },
    )


def scale(values: dict[Setting, float], log: bool) -> tuple[float, float]:
    """Return the ends of the colour scale: from 0 on, or at least a factor of two where it is logarithmic."""
    low, high = min(values.values()), max(values.values())
    return (low, max(high, 2 * low)) if log else (0.0, high)


def nice(low: float, high: float) -> list[float]:
    """Return round numbers from the lowest to the highest value: 1, 2 or 5 times a power of ten.

    Where that is less than two of them, the multiples of such a number, or of 2.5 times a power of ten.
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    ticks = [step * 10.0**power for power in range(first, last + 1) for step in (1, 2, 5)]
    within = [tick for tick in ticks if low <= tick <= high]
    if len(within) > 1:
        return within
    least = (high - low) / MOST_TICKS
    power = 10.0 ** math.floor(math.log10(least))
    step = next(number * power for number in (1, 2, 2.5, 5, 10) if number * power >= least)
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def frame(made: go.Figure, place: Place, cells: Sequence[Cell], size: int | None, *, bound: bool) -> None:
    """Draw settings of one state without a value: border and word say if they were skipped, failed or are void."""
    dash, colour = BORDERS[cells[0].state]
    places = [place(cell.setting) for cell in cells]
    for column, row in places:
        made.add_shape(
            x0=column - 0.46,
            x1=column + 0.46,
            y0=row - 0.46,
            y1=row + 0.46,
            line={"color": colour, "width": 1.5, "dash": dash},
            fillcolor="var(--bad-soft)" if cells[0].state == "failed" else "rgba(0,0,0,0)",
            layer="below",
        )
    made.add_scatter(
        name=cells[0].state,
        x=[column for column, _ in places],
        y=[row for _, row in places],
        mode="markers+text" if size else "markers",
        marker={"opacity": 0, "size": 24},
        text=[word(cell, bound=bound) for cell in cells],
        textfont={
            "size": min(size or 11, 11),
            "color": "var(--muted)" if cells[0].state == "skipped" else colour,
        },
        customdata=[f"<b>{cell.setting}</b> {cell.state}<br>{reason(cell)}" for cell in cells],
        hovertemplate="%{customdata}<extra></extra>",
    )


def word(cell: Cell, *, bound: bool) -> str:
    """Return what stands in a setting without a value; for one that was skipped the most that the laws allow."""
    if cell.state != "skipped":
        return cell.state
    return f"≤{math.ceil(cell.bound_rps)}" if bound and cell.bound_rps else NONE


def reason(cell: Cell) -> str:
    """Return the first line of a setting's note in the markup of plotly, in which no text has a meaning."""
    return "<br>".join(html.escape(line) for line in textwrap.wrap(first_line(cell.note), 60)[:4])


def mark(made: go.Figure, column: int, row: int, columns: int) -> None:
    """Draw a ring around the recommended setting, with the word."""
    corners = {"x0": column - 0.48, "x1": column + 0.48, "y0": row - 0.47, "y1": row + 0.47}
    made.add_shape(**corners, line={"color": "var(--card)", "width": 7})
    made.add_shape(**corners, line={"color": "var(--ink)", "width": 3})
    first, last = column == 0, column == columns - 1
    made.add_annotation(
        x=column - 0.5 if first else column + 0.5 if last else column,
        xanchor="left" if first else "right" if last else "center",
        y=row + 0.49,
        yanchor="middle",
        text="recommended",
        showarrow=False,
        font={"size": 10, "color": "var(--card)"},
        bgcolor="var(--ink)",
        borderpad=2,
    )
