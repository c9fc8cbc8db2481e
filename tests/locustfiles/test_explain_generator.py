"""When the load generator itself is the limit."""

from __future__ import annotations

import pytest

from explain_generator import Load, judge


@pytest.mark.parametrize(
    ("load", "saturated"),
    [
        (Load(seconds=10, cpu_seconds=8, lag_ms=100, lags=100), False),
        (Load(seconds=10, cpu_seconds=9.5), True),
        (Load(seconds=10, periods=100, throttled=3, quota=2), False),
        (Load(seconds=10, periods=100, throttled=8, quota=2), True),
        (Load(seconds=10, lag_ms=1500, lags=100), True),  # a stolen core
        (Load(seconds=10, lag_ms=700, lags=100), False),  # 7 ms of 100 ms
    ],
)
def test_generator(load: Load, saturated: bool) -> None:
    assert bool(judge([Load(seconds=10, cpu_seconds=1), load], 100).reasons) is saturated
