"""The maps show what was measured, and the marked setting is the recommended one."""

from __future__ import annotations

import json
from typing import Any

import plotly.graph_objects as go
import pytest
from plotly.colors import sample_colorscale

from explain_laws import Setting
from sweep.folder import Results
from sweep.report import heatmaps
from sweep.report.text import figure
from tests.sweep.report.looks import contrast, luminance, view_of


def trace(figure: go.Figure, kind: str) -> dict[str, Any]:
    """The first trace of a kind."""
    traces: list[dict[str, Any]] = json.loads(figure.to_json())["data"]
    return next(one for one in traces if one["type"] == kind)


def test_the_ring_and_the_word_are_at_the_recommended_setting(grid: Results) -> None:
    view = view_of(grid)
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
    layout = view_of(grid).maps()[0].figure.layout
    assert layout.xaxis.ticktext == ("1", "2", "4", "6", "9", "12", "18", "36")
    assert layout.yaxis.ticktext == ("1", "2", "3", "5")


def test_the_maps_hold_the_measured_figures(grid: Results) -> None:
    view = view_of(grid)
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
    figure = view_of(mixed).maps()[0].figure
    states = {one.name: one for one in figure.data if one.type == "scatter" and one.mode == "markers+text"}
    assert {name: one.text for name, one in states.items()} == {
        "skipped": ("≤20", "≤40"),
        "failed": ("failed",),
        "void": ("void",),
    }
    borders = {shape.line.dash for shape in figure.layout.shapes if shape.line.dash}
    assert borders == {"solid", "dash", "dot"}
    place = heatmaps.Place.of([*view_of(mixed).measured, *view_of(mixed).skipped])
    assert (states["failed"].x[0], states["failed"].y[0]) == place(Setting(5, 36))
    assert "&lt;script&gt;" in states["failed"].customdata[0]


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.55, 0.75, 1.0])
def test_figures_in_the_maps_can_be_read(share: float) -> None:
    (rgb,) = sample_colorscale(heatmaps.SCALE, [share], colortype="tuple")
    colour = luminance(rgb)
    text = luminance([int(heatmaps.INK[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    assert contrast(colour, text) >= 4.5  # WCAG 2, AA


def test_the_figures_are_those_of_the_colours(grid: Results) -> None:
    for chart in view_of(grid).maps():
        drawn = trace(chart.figure, "heatmap")
        assert drawn["texttemplate"] == "%{text}"
        values = drawn["z"] if chart.name == "throughput" else [[10**value for value in row] for row in drawn["z"]]
        assert drawn["text"] == [[figure(value) for value in row] for row in values]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (107, 3881, [200, 500, 1000, 2000]),
        (0.9, 2.1, [1, 2]),
        (100, 121, [100, 110, 120]),
        (107, 214, [150, 200]),
        (101.6, 203.2, [150, 200]),
        (3.1, 6.2, [4, 5, 6]),
        (0.0061, 0.0122, [0.008, 0.01, 0.012]),
    ],
    ids=["ms", "around one", "close", "one value", "another", "a few", "less"],
)
def test_ticks_of_a_logarithmic_scale(low: float, high: float, expected: list[float]) -> None:
    assert heatmaps.nice(low, high) == pytest.approx(expected)


def test_a_wide_map_has_colours_instead_of_figures(grid: Results) -> None:
    cells = [cell for cell in view_of(grid).measured if cell.setting.workers == 1]
    many = [*cells, *(type(cell)(Setting(1, 100 + cell.setting.threads), "skipped", "late") for cell in cells)]
    figure = heatmaps.throughput(many, Setting(1, 36)).figure
    assert [one.type for one in figure.data].count("heatmap") == 1
    assert not [one for one in figure.data if one.type == "scatter" and "text" in one.mode]
    assert "texttemplate" not in trace(figure, "heatmap")
