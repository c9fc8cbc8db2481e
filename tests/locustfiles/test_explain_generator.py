"""When the load generator itself is the limit."""

from __future__ import annotations

import pytest

from explain_analysis import analyse
from explain_generator import Load, judge
from explain_tally import tally_of
from tests.locustfiles.samples import run


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


@pytest.mark.parametrize(
    ("loads", "advice"),
    [
        ([Load(seconds=10, cpu_seconds=9.5, cores=2)], "Set LOCUST_PROCESSES=2"),
        ([Load(seconds=10, cpu_seconds=9.5, cores=8)] * 4, "Set LOCUST_PROCESSES=5"),
        ([Load(seconds=10, cpu_seconds=9.5, cores=1)], "Run Locust on another machine"),
        ([Load(seconds=10, cpu_seconds=9.5, cores=8, quota=1.5)], "Run Locust on another machine"),
        ([Load(seconds=10, cpu_seconds=9.5, cores=8), Load(seconds=10, cpu_seconds=1, cores=2)], "Run Locust on anoth"),
        ([Load(seconds=10, cpu_seconds=9.5)], "Run Locust on another machine"),
        ([Load(seconds=10, periods=100, throttled=60, quota=0.5, cores=8)], "Give Locust more than 0.5 CPU"),
    ],
    ids=["a core free", "four free", "its only core", "quota", "the smallest machine", "not known", "throttled"],
)
def test_the_advice_knows_the_machine_of_the_load(loads: list[Load], advice: str) -> None:
    found = analyse(tally_of(run()), 36, 10.0, loads).verdict
    assert found.code == "generator"
    assert found.suggestion.startswith(advice)


def test_later_load_of_a_process() -> None:
    first, later = Load(1, 0.5, 2, 3, 4, 5, 6, 1, 0.0, 4), Load(2, 0.25, 1, 1, 1, 1, 4, 0, 1.5, 2)
    assert first.plus(later) == Load(3, 0.75, 3, 4, 5, 6, 10, 1, 1.5, 2)
    assert Load().plus(later) == later
