"""When arrivals are due, and what is counted of them, by a clock that the tests set."""

from __future__ import annotations

import itertools
import statistics

import pytest

from explain_arrivals import Arrivals
from explain_generator import Load, judge
from explain_schedule import Ledger, Schedule


def moments(schedule: Schedule, until: float) -> list[float]:
    found = [schedule.next()]
    while found[-1] < until:
        found.append(schedule.next())
    return found[:-1]


def test_arrivals_come_at_the_rate_and_at_random() -> None:
    """Of a Poisson process the gaps are as long as they vary, and so is the number in each second."""
    found = moments(Schedule(50, seed="1"), 400)
    gaps = [after - before for before, after in itertools.pairwise(found)]
    assert len(found) / 400 == pytest.approx(50, rel=0.03)
    assert statistics.stdev(gaps) == pytest.approx(statistics.mean(gaps), rel=0.05)
    counts = [sum(second <= moment < second + 1 for moment in found) for second in range(0, 400, 4)]
    assert statistics.variance(counts) == pytest.approx(50, rel=0.45)


def test_processes_side_by_side_are_one_of_their_sum() -> None:
    both = sorted(moment for seed in "ab" for moment in moments(Schedule(25, seed=seed), 400))
    gaps = [after - before for before, after in itertools.pairwise(both)]
    assert len(both) / 400 == pytest.approx(50, rel=0.03)
    assert statistics.stdev(gaps) == pytest.approx(statistics.mean(gaps), rel=0.05)


def test_the_rate_rises_in_a_ramp() -> None:
    found = moments(Schedule(100, ramp_s=20, seed="1"), 40)
    first, second, after = (
        sum(low <= moment < high for moment in found) for low, high in ((0, 10), (10, 20), (20, 40))
    )
    assert first == pytest.approx(250, rel=0.2)
    assert second == pytest.approx(750, rel=0.15)
    assert after == pytest.approx(2000, rel=0.08)
    assert found == sorted(found)


def test_a_seed_repeats_the_moments() -> None:
    again = [moments(Schedule(10, seed=seed), 10) for seed in ("1", "1", "2")]
    assert again[0] == again[1] != again[2]
    assert moments(Schedule(10), 10) != moments(Schedule(10), 10)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def ledger(clock: Clock) -> Ledger:
    made = Ledger(clock)
    made.asked, made.users_allowed = 10.0, 2
    return made


def test_what_becomes_of_arrivals(clock: Clock) -> None:
    """Two users for 3 s each; a third arrival waits 2.5 s for the first of them, a fourth is left."""
    book = ledger(clock)
    for due, held_back in ((100.0, False), (100.5, False)):
        clock.now = due
        book.arrived()
        clock.now += 0.001
        assert book.begins(due, held_back) == pytest.approx(0.001)
    clock.now = 101.0
    book.arrived()
    book.arrived()
    clock.now = 103.5
    book.ends()
    assert book.begins(101.0, held_back=True) == pytest.approx(2.5)
    clock.now = 104.0
    found = book.peek()
    assert (found.due, found.begun, found.ended, found.held_back, found.left, found.under_way) == (4, 3, 1, 1, 1, 2)
    assert (found.users_most, found.users_allowed, found.asked) == (2, 2, 10.0)
    assert found.held_ms == pytest.approx(2500)
    assert found.late_ms == pytest.approx(2)
    assert found.lag_ms == pytest.approx(1)
    assert found.user_seconds == pytest.approx(0.5 + 2 * 3.5 - 0.002, abs=0.01)
    assert found.waited_for_users


def test_a_new_window_keeps_who_is_under_way(clock: Clock) -> None:
    book = ledger(clock)
    book.arrived()
    book.arrived()
    book.begins(100.0, held_back=False)
    book.start()
    clock.now += 2
    found = book.peek()
    assert (found.due, found.begun, found.left, found.users_most) == (0, 0, 1, 1)
    assert found.user_seconds == pytest.approx(2)


def test_stretches_follow_and_processes_stand_side_by_side() -> None:
    one = Arrivals(10, 30, 28, 27, 3, 90, 25, 2, 1, 7, 9, 12.0)
    two = Arrivals(10, 20, 22, 21, 1, 10, 20, 0, 2, 9, 9, 8.0)
    later = one.plus(two)
    assert later == Arrivals(10, 50, 50, 48, 4, 100, 45, 0, 2, 9, 9, 20.0)
    assert one.beside(two) == Arrivals(20, 50, 50, 48, 4, 100, 45, 2, 3, 16, 18, 20.0)


@pytest.mark.parametrize(
    ("due", "held_back", "left", "expected"),
    [
        (1000, 10, 0, False),
        (1000, 11, 0, True),
        (1000, 0, 11, True),
        (3, 1, 0, False),
        (3, 1, 1, True),
        (0, 0, 0, False),
    ],
)
def test_when_a_load_did_not_stay_open(due: int, held_back: int, left: int, expected: bool) -> None:
    assert Arrivals(asked=9, due=due, held_back=held_back, left=left).waited_for_users is expected


def test_what_begins_late_though_there_may_be_more_users_is_the_generator() -> None:
    fine = Load(seconds=10, arrivals=Arrivals(asked=10, due=100, begun=100, late_ms=300))
    late = Load(seconds=10, arrivals=Arrivals(asked=10, due=100, begun=100, late_ms=3000))
    held = Load(seconds=10, arrivals=Arrivals(asked=10, due=100, begun=100, held_back=100, held_ms=90000))
    assert judge([fine], 100).reasons == judge([held], 100).reasons == ()
    assert judge([late], 100).reasons == ("tasks begin 30 ms late though there may be more users",)


def test_a_load_comes_back_from_a_list() -> None:
    load = Load(seconds=3, cores=2, arrivals=Arrivals(asked=10, due=5))
    values = [list(part) if isinstance(part, tuple) else part for part in load]
    assert Load.from_list(values) == load
