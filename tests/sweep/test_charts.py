"""What the charts show is what was measured, and the marked setting is the recommended one."""

from __future__ import annotations

import json
import math
from typing import Any

import plotly.graph_objects as go
import pytest
from plotly.colors import sample_colorscale

from sweep import charts, heatmaps
from sweep.report import View
from sweep.results import Results, Setting
from tests.sweep import samples


def trace(figure: go.Figure, kind: str) -> dict[str, Any]:
    """The first trace of a kind."""
    found: dict[str, Any] = next(one for one in json.loads(figure.to_json())["data"] if one["type"] == kind)
    return found


def test_the_ring_and_the_word_are_at_the_recommended_setting(grid: Results) -> None:
    view = View.of(grid)
    assert view.best
    place = heatmaps.Place.of(view.measured)
    column, row = place(view.best.setting)
    for chart in view.maps():
        rings = [shape for shape in chart.figure.layout.shapes if shape.line.width == 3]
        assert [(shape.x0 + shape.x1, shape.y0 + shape.y1) for shape in rings] == [pytest.approx((2 * column, 2 * row))]
        (word,) = [note for note in chart.figure.layout.annotations if note.text == "recommended"]
        assert abs(word.x - column) <= 0.5
        assert abs(word.y - row) <= 0.5
        assert chart.alt.endswith(f"Recommended: {view.best.setting}.")


def test_the_maps_axes_are_in_numeric_order(grid: Results) -> None:
    layout = View.of(grid).maps()[0].figure.layout
    assert layout.xaxis.ticktext == ("1", "2", "4", "6", "9", "12", "18", "36")
    assert layout.yaxis.ticktext == ("1", "2", "3", "5")


def test_the_maps_hold_the_measured_figures(grid: Results) -> None:
    view = View.of(grid)
    place = heatmaps.Place.of(view.measured)
    throughput, latency = (trace(chart.figure, "heatmap") for chart in view.maps())
    for cell in view.measured:
        column, row = place(cell.setting)
        assert cell.rps
        assert cell.p95_ms
        assert throughput["z"][row][column] == pytest.approx(cell.rps.mean)
        assert 10 ** latency["z"][row][column] == pytest.approx(cell.p95_ms.mean)
    assert (throughput["zmin"], throughput["reversescale"], latency["reversescale"]) == (0, False, True)


def test_other_states_have_a_border_and_a_word(mixed: Results) -> None:
    figure = View.of(mixed).maps()[0].figure
    states = {one.name: one for one in figure.data if one.type == "scatter" and one.mode == "markers+text"}
    assert {name: one.text for name, one in states.items()} == {
        "skipped": ("≤20", "≤40"),
        "failed": ("failed",),
        "void": ("void",),
    }
    borders = {shape.line.dash for shape in figure.layout.shapes if shape.line.dash}
    assert borders == {"solid", "dash", "dot"}
    place = heatmaps.Place.of([*View.of(mixed).measured, *View.of(mixed).skipped])
    assert (states["failed"].x[0], states["failed"].y[0]) == place(Setting(5, 36))
    assert "&lt;script&gt;" in states["failed"].customdata[0]


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.55, 0.75, 1.0])
def test_figures_in_the_maps_can_be_read(share: float) -> None:
    (rgb,) = sample_colorscale(heatmaps.SCALE, [share], colortype="tuple")
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb]
    luminance = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    text = 0.0 if heatmaps.ink(rgb) == "#000000" else 1.0
    lighter, darker = max(text, luminance) + 0.05, min(text, luminance) + 0.05
    assert lighter / darker >= 4.5  # WCAG 2, AA


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(107, 3881, [200, 500, 1000, 2000]), (0.9, 2.1, [1, 2]), (100, 121, [100, 110, 121])],
    ids=["ms", "around one", "close"],
)
def test_ticks_of_a_logarithmic_scale(low: float, high: float, expected: list[float]) -> None:
    assert heatmaps.nice(low, high) == pytest.approx(expected)


def test_a_wide_map_has_colours_instead_of_figures(grid: Results) -> None:
    cells = [cell for cell in View.of(grid).measured if cell.setting.workers == 1]
    many = [*cells, *(type(cell)(Setting(1, 100 + cell.setting.threads), "skipped", "late") for cell in cells)]
    figure = heatmaps.throughput(many, Setting(1, 36)).figure
    assert [one.type for one in figure.data].count("heatmap") == 1
    assert not [one for one in figure.data if one.type == "scatter" and "text" in one.mode]


def test_every_row_chart_has_a_row_for_each_setting_and_marks_the_recommended(grid: Results) -> None:
    view = View.of(grid)
    assert view.best
    made = view.charts()
    assert [chart.name for chart in made] == ["bounds", "response", "cpu", "memory", "spread"]
    for chart in made:
        texts = chart.figure.layout.yaxis.ticktext
        assert len(texts) == 32
        assert [text for text in texts if charts.MARK in text] == [f"<b>{charts.MARK} {view.best.setting}</b>"]


def test_bounds_are_named_by_their_law(mixed: Results) -> None:
    view = View.of(mixed)
    figure = charts.against_bounds(view.good, view.recommendation.setting).figure
    marks = {one.name: dict(zip(one.y, one.x, strict=True)) for one in figure.data[1:]}
    assert set(marks) == {"slots bound", "users bound"}
    assert {number: rate for named in marks.values() for number, rate in named.items()} == {
        number: cell.bound_rps for number, cell in enumerate(view.good)
    }


def test_waiting_and_app_add_up_to_the_response(grid: Results) -> None:
    view = View.of(grid)
    app, wait = charts.response_split(view.good, None).figure.data[:2]
    for cell, *parts in zip(view.good, app.x, wait.x, strict=True):
        assert math.isclose(sum(parts), cell.response_ms or 0, rel_tol=1e-6)


def test_the_plans_limits_are_drawn(grid: Results) -> None:
    view = View.of(grid)
    lines = {
        one.name: one.x[0] for one in charts.memory(view.good, None, view.info).figure.data if one.type == "scatter"
    }
    assert sorted(lines.values()) == pytest.approx([0.85 * samples.MEMORY_MB, samples.MEMORY_MB])
    assert any("435" in name for name in lines)


def test_the_spread_shows_each_run(grid: Results) -> None:
    view = View.of(grid)
    chart = charts.spread(view.good, None)
    assert chart
    assert [len(one.x) for one in chart.figure.data] == [96, 96]
    assert sum(chart.figure.data[0].x) == pytest.approx(0, abs=1e-6)


def test_one_run_each_has_no_spread(grid: Results) -> None:
    once = Results(grid.folder, grid.info, [run for run in grid.runs if run.repeat == 0])
    assert charts.spread(View.of(once).good, None) is None
