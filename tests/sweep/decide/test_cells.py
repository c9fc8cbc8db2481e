"""The runs of a setting, together."""

from __future__ import annotations

import pytest

from sweep.decide.cells import Interval


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
