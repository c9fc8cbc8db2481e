"""What `--find-limit` found: limit.html, one file with the curves that opens offline, and limit.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import plotly.graph_objects as go

from sweep.decide.holding import Held, Step, breaks_first, limits, told
from sweep.folder import write_whole, writing
from sweep.records import Info
from sweep.report.charts import Chart, base
from sweep.report.pages import filled

SCHEMA = 1
HEIGHT = 340  # px, of both pictures, as they stand side by side
WIDE = 1000  # from the least to the most on a logarithmic axis


def save(folder: Path, info: Info, found: Sequence[Held]) -> Path:
    """Write limit.json, and return its path. Called after each step, so that nothing is lost."""
    path = folder / "limit.json"
    with writing(folder):
        write_whole(path, json.dumps(as_json(info, found), indent=2, ensure_ascii=False) + "\n")
    return path


def render(folder: Path, info: Info, found: Sequence[Held]) -> Path:
    """Write limit.html, and return its path."""
    path = folder / "limit.html"
    with writing(folder):
        write_whole(path, filled("limit.html.j2", info=info, found=found, told=told, charts=charts, limits=limits))
    return path


def as_json(info: Info, found: Sequence[Held]) -> dict[str, Any]:
    """Return what limit.json holds."""
    return {
        "schema": SCHEMA,
        "options": msgspec.to_builtins(info.options),
        "plan": msgspec.to_builtins(info.plan),
        "environment": info.environment,
        "command": info.command,
        "started": info.started,
        "stopped": info.stopped,
        "settings": [
            {
                "workers": held.workers,
                "threads": held.threads,
                "holds_rps": held.holds_rps,
                "breaks_rps": held.breaks_rps,
                "breaks_first": breaks_first(held.first_broken) if held.first_broken else None,
                "bound_rps": held.bound_rps,
                "text": told(held, info.options),
                "steps": [of_step(step) for step in held.steps],
            }
            for held in found
        ],
    }


def of_step(step: Step) -> dict[str, Any]:
    """Return a step as limit.json has it."""
    made = {"rps": step.rps, "holds": step.holds, "broken": step.broken, "void": step.void}
    return made | {"analysis": msgspec.to_builtins(step.analysis)}


def charts(held: Held, info: Info) -> list[Chart]:
    """Return the curves of a setting: response times over the rate, and what is in use."""
    steps = sorted((step for step in held.steps if step.analysis and not step.void), key=lambda step: step.rps)
    if not steps:
        return []
    name = f"{held.workers}-{held.threads}"
    return [response(held, steps, info, name), in_use(held, steps, name)]


def over_the_rate() -> go.Figure:
    """Return a picture without curves."""
    axis = {"title": {"text": "arrivals/s"}, "rangemode": "tozero"}
    made = base(HEIGHT, xaxis=axis, margin={"l": 60, "r": 20, "t": 50, "b": 50})
    made.update_yaxes(automargin=True, title={"standoff": 8})
    return made


def percentiles(step: Step) -> Sequence[float | None]:
    """Return what is drawn of a run, in ms."""
    times = step.analysis.response_ms if step.analysis else None
    return (times.p50, times.p95, times.p99) if times else ()


def log_ticks(values: Iterable[float | None]) -> list[int]:
    """Return where an axis has figures: at 1, 2 and 5 times each power of ten, or at 1 where they had no room."""
    drawn = [value for value in values if value]
    wide = bool(drawn) and max(drawn) > WIDE * min(drawn)
    return [digit * 10**power for power in range(8) for digit in ((1,) if wide else (1, 2, 5))]


def response(held: Held, steps: Sequence[Step], info: Info, name: str) -> Chart:
    """Response times, from the moment at which requests were due, over the rate."""
    made = over_the_rate()
    # Written out: of a tick between two powers of ten, plotly writes the first digit alone.
    ticks = log_ticks([info.options.max_p95, *(ms for step in steps for ms in percentiles(step))])
    made.update_yaxes(title={"text": "ms"}, type="log", tickvals=ticks, ticktext=[str(tick) for tick in ticks])
    rates = [step.rps for step in steps]
    for percent, colour, width in ((50, "var(--app)", 1.5), (95, "var(--ink)", 2.5), (99, "var(--wait)", 1.5)):
        values = [getattr(step.analysis.response_ms, f"p{percent}") if step.analysis else None for step in steps]
        made.add_scatter(
            name=f"p{percent}",
            x=rates,
            y=values,
            mode="lines+markers",
            line={"color": colour, "width": width},
            marker={"size": 7, "color": colour, "symbol": ["circle" if step.holds else "x" for step in steps]},
            hovertemplate=f"%{{y:.4~g}} ms at %{{x:.4~g}}/s<extra>p{percent}</extra>",
        )
    if limit := info.options.max_p95:
        made.add_scatter(
            name=f"limit of the p95: {limit:g} ms",
            x=[0, max(rates)],
            y=[limit, limit],
            mode="lines",
            line={"color": "var(--bad)", "width": 2, "dash": "dash"},
            hoverinfo="skip",
        )
    for rate, text, side in ((held.holds_rps, "holds", "left"), (held.breaks_rps, "breaks", "right")):
        if rate is not None:
            label = {"annotation_text": f"{text} {rate:g}/s", "annotation_position": f"top {side}"}
            made.add_vline(x=rate, line={"color": "var(--line)", "width": 1}, **label)
    points = "; ".join(f"{step.rps:g}/s {step.analysis.response_ms.p95 or 0.0:.0f}" for step in steps if step.analysis)
    return Chart(
        f"response-{name}",
        f"Response time over the rate, {held.setting}",
        "Each sign is a run, from the moment at which its requests were due; a cross is one that breaks the limit.",
        f"p95 in ms: {points}.",
        made,
    )


def in_use(held: Held, steps: Sequence[Step], name: str) -> Chart:
    """What is in use over the rate: the slots, the CPU, and what the arrivals ask of the slots."""
    made = over_the_rate()
    made.update_yaxes(title={"text": "%"}, rangemode="tozero")
    analyses = [step.analysis for step in steps if step.analysis]
    series = {
        "slots": ([one.slot_utilization for one in analyses], "var(--app)", "solid"),
        "CPU of the plan": ([one.cpu_utilization for one in analyses], "var(--bad)", "solid"),
        "asked of the slots": ([one.arrivals.asked_utilization for one in analyses], "var(--app)", "dot"),
    }
    for label, (values, colour, dash) in series.items():
        made.add_scatter(
            name=label,
            x=[step.rps for step in steps],
            y=[None if value is None else 100 * value for value in values],
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": dash},
            hovertemplate=f"%{{y:.3~g}} % at %{{x:.4~g}}/s<extra>{label}</extra>",
        )
    return Chart(
        f"in-use-{name}",
        f"What is in use, {held.setting}",
        "What reaches 100 % first is what breaks first. Beyond it more is asked for than can be served.",
        "Shares in % of slots and CPU; the table has them.",
        made,
    )
