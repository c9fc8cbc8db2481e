"""The runs of a setting, together."""

from __future__ import annotations

import dataclasses

import pytest

from sweep.decide.cells import Interval, in_app, waiting
from tests.sweep import samples


@pytest.mark.parametrize(
    ("values", "expected"),
    [([100.0], (99.0, 101.0)), ([90.0, 110.0], (90.0, 110.0)), ([99.9, 100.1], (99.0, 101.0))],
    ids=["one value", "spread", "no narrower than the resolution"],
)
def test_intervals(values: list[float], expected: tuple[float, float]) -> None:
    interval = Interval.of([None, *values], 0.01)
    assert interval
    assert (interval.low, interval.high) == pytest.approx(expected)
    assert interval.overlaps(interval)
    assert not interval.overlaps(Interval(200.0, 199.0, 201.0))


def test_no_figure_has_no_interval() -> None:
    assert Interval.of([None], 0.01) is None


def test_a_stream_is_in_the_app_until_its_answer_is_out() -> None:
    """And does not wait, although its client has its headers at once."""
    analysis = samples.analysis(1, 4)
    waits_ms, app_ms = analysis.wait_ms.mean or 0.0, analysis.app_ms.mean or 0.0
    assert (in_app(analysis), waiting(analysis)) == (app_ms, waits_ms)
    longer = dataclasses.replace(analysis.demand, app_s=app_ms / 1e3 + 0.2)
    streams = dataclasses.replace(analysis, demand=longer, wait_ms=samples.times(waits_ms / 1e3 + 0.2))
    assert in_app(streams) == pytest.approx(app_ms + 200)
    assert waiting(streams) == pytest.approx(waits_ms)
    nobody_knows = dataclasses.replace(analysis, demand=dataclasses.replace(analysis.demand, app_s=None))
    assert waiting(nobody_knows) == waits_ms
