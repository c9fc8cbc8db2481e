"""Percentiles to one percent, and no number that breaks them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain_histogram import Histogram


@given(st.lists(st.floats(0.002, 1e7), min_size=1, max_size=300), st.sampled_from([1, 50, 95, 99, 100]))
def test_percentiles_are_exact_to_one_percent(values: list[float], percent: int) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    exact = sorted(values)[max(1, math.ceil(percent / 100 * len(values))) - 1]
    assert histogram.percentile(percent) == pytest.approx(exact, rel=0.01)
    assert histogram.mean == pytest.approx(sum(values) / len(values))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0, 0.0, 1e300])
def test_no_number_breaks_a_histogram(value: float) -> None:
    histogram = Histogram()
    histogram.add(value)
    assert histogram.percentile(50) is not None
    assert math.isfinite(histogram.total)


def test_long_times_are_under_way_for_longer() -> None:
    histogram = Histogram()
    assert histogram.lasting is None
    for value in [100.0] * 99 + [10_000.0]:
        histogram.add(value)
    assert histogram.lasting == pytest.approx((99 * 100**2 + 10_000**2) / (99 * 100 + 10_000), rel=0.02)
