"""What the workers' counters come to."""

from __future__ import annotations

import re

import pytest

from explain_analysis import analyse
from explain_record import Record
from explain_server_timing import Served, Timing
from explain_tally import tally_of
from explain_types import Analysis
from tests.locustfiles.samples import FINE


def grown(workers: int, first_mb: float, second_mb: float) -> Analysis:
    """Workers whose memory grows by so much each, in the run's two halves."""
    records = []
    for number in range(400):
        at, pid = (number + 0.5) / 20, 7 + number % workers
        more = first_mb * min(1.0, at / 10) + second_mb * max(0.0, at / 10 - 1)
        setting = Served(workers, 6, "SlotWorker", 4)
        timing = Timing(5.0, 1.0, pid, setting, at / 100, 50.0 + more, 0.0, at, at / 10, number // workers)
        records.append(Record(at, 6.0, timing, None, 20.0))
    return analyse(tally_of(records), 1, 20.0, FINE)


@pytest.mark.parametrize(
    ("workers", "first", "second", "code"),
    [
        (1, 10, 10, "memory"),
        (4, 10, 10, "memory"),
        (1, 60, 10, "healthy"),  # a cache that fills up
        (4, 2, 2, "healthy"),  # what the memory of any process moves by
        (1, 2, 2, "healthy"),
        (1, 1, 60, "healthy"),  # a step, as of a large answer
    ],
)
def test_memory_that_grows_steadily(workers: int, first: float, second: float, code: str) -> None:
    assert grown(workers, first, second).verdict.code == code


def test_much_memory_for_each_request_is_written_out() -> None:
    found = grown(1, 4000, 4000).verdict
    assert found.code == "memory"
    assert re.search(r"\d{4} kB for each request", found.text)


@pytest.mark.parametrize("each", [30, 300])  # requests that a worker lasts for, 0.4 s and 4 s
def test_the_imports_of_workers_that_do_not_last(each: int) -> None:
    """The next one starts while one serves, and computes for 0.2 s before its first response."""
    records = []
    for number in range(1500):
        at, (life, served) = (number + 0.5) / 75, divmod(number, each)
        setting = Served(2, 6, "SlotWorker", 1)
        clock = 0.01 + (served + 0.5) / 75
        timing = Timing(5.0, 0.1, 7 + life, setting, 0.2 + served * 1e-5, 50.0, 0.0, clock, served * 0.005, served)
        records.append(Record(at, 6.0, timing, None, 20.0))
    found = analyse(tally_of(records), 1, 20.0, FINE)
    lives = 1500 // each - 1  # the first one was there before
    assert found.cpu_utilization == pytest.approx(lives * 0.2 / 20, rel=0.2)
