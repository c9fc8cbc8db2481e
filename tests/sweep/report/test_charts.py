"""The charts show what was measured, a row for each setting."""

from __future__ import annotations

import math

import pytest

from explain_laws import CPU_FULL
from sweep.folder import Results
from sweep.report import charts
from tests.sweep import samples
from tests.sweep.report.looks import view_of


def test_every_row_chart_has_a_row_for_each_setting_and_marks_the_recommended(grid: Results) -> None:
    view = view_of(grid)
    assert view.best
    made = view.charts()
    assert [chart.name for chart in made] == ["bounds", "response", "cpu", "memory", "spread"]
    for chart in made:
        texts = chart.figure.layout.yaxis.ticktext
        assert len(texts) == 32
        assert [text for text in texts if charts.MARK in text] == [f"<b>{charts.MARK} {view.best.setting}</b>"]


def test_bounds_are_named_by_their_law(mixed: Results) -> None:
    view = view_of(mixed)
    figure = charts.against_bounds(view.good, view.chosen).figure
    marks = {one.name: dict(zip(one.y, one.x, strict=True)) for one in figure.data[1:]}
    assert set(marks) == {"slots bound", "users bound"}
    assert {number: rate for named in marks.values() for number, rate in named.items()} == {
        number: cell.bound_rps for number, cell in enumerate(view.good)
    }


def test_waiting_and_app_add_up_to_the_response(grid: Results) -> None:
    view = view_of(grid)
    app, wait = charts.response_split(view.good, None).figure.data[:2]
    for cell, *parts in zip(view.good, app.x, wait.x, strict=True):
        assert math.isclose(sum(parts), cell.response_ms or 0, rel_tol=1e-6)


def test_the_plans_limits_are_drawn(grid: Results) -> None:
    view = view_of(grid)
    lines = {
        one.name: one.x[0] for one in charts.memory(view.good, None, view.info).figure.data if one.type == "scatter"
    }
    assert sorted(lines.values()) == pytest.approx([0.85 * samples.MEMORY_MB, samples.MEMORY_MB])
    assert any("435" in name for name in lines)


def test_the_spread_shows_each_run(grid: Results) -> None:
    view = view_of(grid)
    chart = charts.spread(view.good, None)
    assert chart
    assert [len(one.x) for one in chart.figure.data] == [96, 96]
    assert sum(chart.figure.data[0].x) == pytest.approx(0, abs=1e-6)


def test_one_run_each_has_no_spread(grid: Results) -> None:
    once = Results(grid.folder, grid.info, [run for run in grid.runs if run.repeat == 0])
    assert charts.spread(view_of(once).good, None) is None


def test_the_cpu_chart_and_the_analysis_agree_on_full(grid: Results) -> None:
    view = view_of(grid)
    lines = [one.x[0] for one in charts.cpu(view.good, None, view.info).figure.data if one.type == "scatter"]
    assert sorted(lines) == pytest.approx([100 * CPU_FULL, 100])
