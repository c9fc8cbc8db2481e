"""The report's charts with a row for each setting, as plotly figures.

A colour is a CSS variable of the report's page, which its script resolves, so that there is one palette for light and
dark. Every figure in a chart stands in the report's table too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from explain_laws import CPU_FULL, Setting
from sweep.decide.cells import P95_RESOLUTION, RPS_RESOLUTION, Cell
from sweep.decide.ranking import HEADROOM
from sweep.records import Info
from sweep.report.text import NBSP, figure, percent, whole

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
MARK = "▸"  # before the recommended setting
LAWS = {
    "slots": ("slots", "line-ns-open", "var(--wait)"),
    "cpu": ("CPU", "triangle-right", "var(--bad)"),
    "users": ("users", "diamond", "var(--ink)"),
}


@dataclass(frozen=True)
class Chart:
    """A figure with its words.

    Attributes:
        name: its id in the page.
        title, caption: above it.
        alt: what it shows, for whoever cannot see it.
        figure: what plotly draws.
    """

    name: str
    title: str
    caption: str
    alt: str
    figure: go.Figure


def base(height: int, **layout: Any) -> go.Figure:
    """Return an empty figure in the page's type and colours. No chart takes a drag, which scrolls a phone's page."""
    made = go.Figure()
    made.update_layout(
        template="none",
        height=height,
        dragmode=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 12, "color": "var(--ink)"},
        hoverlabel={"bgcolor": "var(--card)", "bordercolor": "var(--line)", "font": {"color": "var(--ink)"}},
        legend={
            "orientation": "h",
            "traceorder": "normal",
            "font": {"size": 11},
            "xref": "container",
            "x": 0,
            "yref": "container",
            "y": 1,
            "yanchor": "top",
        },
        **layout,
    )
    # No 2k for 2000, and no 500μ.
    axis = {"fixedrange": True, "gridcolor": "var(--line)", "zerolinecolor": "var(--line)", "exponentformat": "none"}
    made.update_xaxes(**axis)
    made.update_yaxes(**axis)
    return made


def rows(cells: Sequence[Cell], best: Setting | None, title: str, right: Sequence[str]) -> go.Figure:
    """Return an empty figure with a row for each setting, the first on top.

    Args:
        cells: the settings.
        best: the recommended one.
        title: of the x axis.
        right: what stands at the right end of each row.
    """
    height, longest = 26 if len(cells) <= 14 else 20, max(len(str(cell.setting)) for cell in cells)
    made = base(
        height * len(cells) + 100,
        xaxis={"title": {"text": title, "standoff": 6}, "rangemode": "tozero"},
        barmode="stack",
        margin={"l": 8 * longest + 22, "r": max(58, 16 + 7 * max(map(len, right))), "t": 50, "b": 50},
    )
    made.update_yaxes(
        tickvals=list(range(len(cells))),
        ticktext=[f"<b>{MARK} {cell.setting}</b>" if cell.setting == best else str(cell.setting) for cell in cells],
        range=[len(cells) - 0.4, -0.6],
        showgrid=False,
        zeroline=False,
    )
    for number, text in enumerate(right):
        made.add_annotation(
            x=1, xref="paper", xanchor="left", xshift=6, y=number, text=text, showarrow=False, font={"size": 11}
        )
    return made


def bars(made: go.Figure, name: str, values: Sequence[float | None], unit: str, colour: str, **more: Any) -> None:
    """Add a bar to each row."""
    pattern = more.pop("pattern", "")
    made.add_bar(
        orientation="h",
        name=name,
        x=list(values),
        y=list(range(len(values))),
        width=0.64,
        marker={
            "color": f"var(--{colour})",
            "line": {"width": 0},
            "pattern": {"shape": pattern, "fillmode": "overlay", "fgcolor": "var(--card)", "size": 7, "solidity": 0.2},
        },
        hovertemplate=f"%{{x:.4~g}} {unit}<extra>{name}</extra>",
        **more,
    )


def limit_line(made: go.Figure, name: str, value: float, dash: str, count: int) -> None:
    """Add a line that no row should cross, named in the legend."""
    made.add_scatter(
        name=name,
        x=[value, value],
        y=[-0.6, count - 0.4],
        mode="lines",
        line={"color": "var(--bad)", "width": 2, "dash": dash},
        hoverinfo="skip",
    )


def against_bounds(cells: Sequence[Cell], best: Setting | None, is_open: bool = False) -> Chart:
    """Measured throughput, and what the laws allow; users do, or arrivals."""
    rates = [cell.rps.mean if cell.rps else None for cell in cells]
    shares = [percent(cell.rps.mean / cell.bound_rps) if cell.rps and cell.bound_rps else "" for cell in cells]
    made = rows(cells, best, "requests/s", shares)
    spread = {
        "type": "data",
        "symmetric": False,
        "array": [cell.rps.high - cell.rps.mean if cell.rps else 0 for cell in cells],
        "arrayminus": [cell.rps.mean - cell.rps.low if cell.rps else 0 for cell in cells],
        "color": "var(--ink)",
        "thickness": 1,
        "width": 3,
    }
    bars(made, "measured", rates, "requests/s", "app", error_x=spread)
    for limit, (law, symbol, colour) in LAWS.items():
        name = "arrivals" if is_open and limit == "users" else law
        bounded = [(number, cell) for number, cell in enumerate(cells) if cell.limit == limit]
        if not bounded:
            continue
        made.add_scatter(
            name=f"{name} bound",
            x=[cell.bound_rps for _, cell in bounded],
            y=[number for number, _ in bounded],
            mode="markers",
            marker={"symbol": symbol, "size": 10, "color": colour, "line": {"width": 3 if "open" in symbol else 0}},
            hovertemplate=f"at most %{{x:.4~g}} requests/s<extra>{name} bound</extra>",
        )
    told = "; ".join(
        f"{cell.setting} {figure(rate)} of at most {figure(cell.bound_rps)}"
        for cell, rate in zip(cells, rates, strict=True)
    )
    return Chart(
        "bounds",
        "Measured against the bound",
        "Bars are measured, with the spread of their repeats; the sign is the most that the laws allow, and which law. "
        "At the right: measured, in % of the bound.",
        f"Throughput in requests per second: {told}.",
        made,
    )


def response_split(cells: Sequence[Cell], best: Setting | None) -> Chart:
    """Where the response time goes."""
    made = rows(cells, best, "ms", [figure(cell.response_ms, "ms") for cell in cells])
    bars(made, "in the app", [cell.app_ms for cell in cells], "ms", "app")
    bars(made, "wait", [cell.wait_ms for cell in cells], "ms", "wait", pattern="/")
    made.add_scatter(
        name="p95",
        x=[cell.p95_ms.mean if cell.p95_ms else None for cell in cells],
        y=list(range(len(cells))),
        mode="markers",
        marker={"symbol": "line-ns-open", "size": 11, "color": "var(--ink)", "line": {"width": 2}},
        hovertemplate="%{x:.4~g} ms<extra>p95</extra>",
    )
    told = "; ".join(
        f"{cell.setting} {figure(cell.wait_ms)} waiting and {figure(cell.app_ms)} in the app" for cell in cells
    )
    return Chart(
        "response",
        "Where the response time goes",
        "Means: the wait is queues and the wire, the rest is the app. At the right: the whole response.",
        f"Response time in ms: {told}.",
        made,
    )


def cpu(cells: Sequence[Cell], best: Setting | None, info: Info) -> Chart:
    """CPU of the process tree against the plan's."""
    cores = f"{info.plan.vcpu:g}{NBSP}vCPU"
    values = [None if cell.cpu_utilization is None else 100 * cell.cpu_utilization for cell in cells]
    made = rows(cells, best, f"% of {cores}", [percent(cell.cpu_utilization) for cell in cells])
    bars(made, "CPU", values, "%", "app", showlegend=False)
    limit_line(made, f"full: {CPU_FULL:.0%}", 100 * CPU_FULL, "dot", len(cells))
    limit_line(made, f"plan: {cores}", 100, "solid", len(cells))
    told = "; ".join(f"{cell.setting} {percent(cell.cpu_utilization)}" for cell in cells)
    return Chart(
        "cpu",
        "CPU against the plan",
        f"Of gunicorn and its workers under load. From {CPU_FULL:.0%} on requests wait for the CPU.",
        f"CPU: {told}.",
        made,
    )


def memory(cells: Sequence[Cell], best: Setting | None, info: Info) -> Chart:
    """Peak memory of the process tree against the plan's."""
    size = info.plan.memory_mb
    made = rows(cells, best, "MB", [f"{whole(cell.memory_mb)}{NBSP}MB" for cell in cells])
    bars(made, "memory", [cell.memory_mb for cell in cells], "MB", "app", showlegend=False)
    limit_line(made, f"headroom: {HEADROOM * size:.0f}{NBSP}MB", HEADROOM * size, "dot", len(cells))
    limit_line(made, f"plan: {size:.0f}{NBSP}MB", size, "solid", len(cells))
    told = "; ".join(f"{cell.setting} {whole(cell.memory_mb)}" for cell in cells)
    return Chart(
        "memory",
        "Memory against the plan",
        "The highest peak of gunicorn and its workers, and what the plan leaves an app: all of it, and "
        f"{HEADROOM:.0%} of it, beyond which no setting is recommended.",
        f"Memory in MB: {told}.",
        made,
    )


def spread(cells: Sequence[Cell], best: Setting | None) -> Chart | None:
    """Each run's difference from the mean of its setting; None where no setting has two runs."""
    several = [cell for cell in cells if sum(run.ok for run in cell.runs) > 1]
    if not several:
        return None
    widths = [(cell.rps.high - cell.rps.low) / cell.rps.mean / 2 if cell.rps else None for cell in several]
    made = rows(several, best, "% from the setting's mean", [f"±{percent(width)}" for width in widths])
    made.add_vrect(
        x0=-100 * RPS_RESOLUTION,
        x1=100 * RPS_RESOLUTION,
        fillcolor="var(--line)",
        opacity=0.6,
        line_width=0,
        layer="below",
    )
    for name, symbol, colour in (("requests/s", "circle", "var(--app)"), ("p95", "diamond-open", "var(--wait)")):
        points = [
            (100 * (value / mean - 1), number)
            for number, cell in enumerate(several)
            for value, mean in deviations(cell, name)
        ]
        made.add_scatter(
            name=name,
            x=[x for x, _ in points],
            y=[y for _, y in points],
            mode="markers",
            marker={"symbol": symbol, "size": 8, "color": colour, "line": {"width": 1.5, "color": colour}},
            hovertemplate=f"%{{x:+.2f}} %<extra>{name}</extra>",
        )
    told = "; ".join(f"{cell.setting} ±{percent(width)}" for cell, width in zip(several, widths, strict=True))
    return Chart(
        "spread",
        "Spread of the repeats",
        f"Each sign is a run. Requests/s are taken as equal within the band of ±{RPS_RESOLUTION:.0%}, p95s within "
        f"±{P95_RESOLUTION:.0%}. At the right: half of the interval of requests/s: where two overlap, both are tied.",
        f"Spread of requests per second: {told}.",
        made,
    )


def deviations(cell: Cell, name: str) -> list[tuple[float, float]]:
    """Return each run's value, beside the mean."""
    interval = cell.rps if name == "requests/s" else cell.p95_ms
    analyses = [run.analysis for run in cell.runs if run.ok and run.analysis]
    values = [analysis.load.rps if name == "requests/s" else analysis.response_ms.p95 for analysis in analyses]
    return [(value, interval.mean) for value in values if value] if interval and interval.mean else []
