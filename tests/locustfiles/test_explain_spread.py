"""Between which figures a window knows its rate and its percentile: as wide as windows of one kind really differ."""

from __future__ import annotations

import random

import pytest

from explain_analysis import analyse
from explain_histogram import Histogram
from explain_record import Record
from explain_spread import around, spread_of
from explain_tally import Tally, tally_of
from explain_types import Spread
from tests.locustfiles.samples import run


def window(seed: int, rate: float = 60.0, seconds: int = 20, burst: int = 1) -> Tally:
    """Requests that come by chance, in bursts of so many, with times that have a long tail."""
    chance, at, records = random.Random(seed), 0.0, list[Record]()
    while (at := at + chance.expovariate(rate / burst)) < seconds:
        records += [Record(at, 1000 * chance.lognormvariate(-3, 0.5)) for _ in range(burst)]
    return tally_of(records)


@pytest.mark.parametrize("burst", [1, 8])
def test_most_windows_know_the_truth(burst: int) -> None:
    """The rate is 60 by construction, and the 95th percentile that of the distribution."""
    truth_ms = 1000 * 2.718281828 ** (-3 + 1.6449 * 0.5)
    rates = times = 0
    for seed in range(100):
        found = spread_of(window(seed, burst=burst), 20.0)
        assert found.rps_low is not None
        assert found.rps_high is not None
        assert found.p95_low_ms is not None
        assert found.p95_high_ms is not None
        rates += found.rps_low <= 60 <= found.rps_high
        times += found.p95_low_ms <= truth_ms <= found.p95_high_ms
        assert found.rps_high - found.rps_low < 60  # else it would say nothing
    assert rates >= 88
    assert times >= 88


def test_a_steady_window_is_known_closely() -> None:
    found = analyse(tally_of(run(rate=100)), 10, 10.0).spread
    assert found.rps_low == pytest.approx(100, rel=0.01)
    assert found.rps_high == pytest.approx(100, rel=0.01)


def test_long_requests_need_long_stretches() -> None:
    """Of 10 s with responses of 4 s no four stretches are left."""
    records = [Record(at / 10, 4000.0) for at in range(100)]
    assert spread_of(tally_of(records), 10.0).rps_low is None


def test_few_requests_know_no_percentile() -> None:
    few = Histogram()
    for ms in range(30):
        few.add(float(ms))
    assert around(few, 95) == (None, None)
    assert spread_of(Tally(), 0.0) == Spread(None, None, None, None)
