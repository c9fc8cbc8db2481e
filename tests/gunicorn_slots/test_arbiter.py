"""Which workers the arbiter counts, tells to end, and wants to be gone."""

from __future__ import annotations

import signal
from types import SimpleNamespace
from typing import Any

import pytest

from gunicorn_slots.arbiter import ReplacingArbiter
from gunicorn_slots.limits import LEAVING_SECONDS


class Noting(ReplacingArbiter):
    """One with workers that are none, which notes whom it would have told to end."""

    def __init__(self, number: int) -> None:
        self._num_workers = number
        self.WORKERS: dict[int, Any] = {}
        self.leaving, self.most = {}, 0
        self.told: list[int] = []

    def add(self, *pids: int, said: bool = False) -> None:
        for pid in pids:
            farewell = SimpleNamespace(said=said, asked=False)
            farewell.ask = lambda farewell=farewell: setattr(farewell, "asked", True)
            self.WORKERS[pid] = SimpleNamespace(age=pid, farewell=farewell)

    def kill_worker(self, pid: int, sig: int) -> None:
        assert sig == signal.SIGTERM
        self.told.append(pid)

    @property
    def asked(self) -> list[int]:
        return [pid for pid, (worker, _) in self.leaving.items() if worker.farewell.asked]


def test_one_that_leaves_by_itself_does_not_count() -> None:
    arbiter = Noting(3)
    arbiter.add(1, 2)
    arbiter.add(3, said=True)
    arbiter.see_off(0)
    assert (list(arbiter.WORKERS), list(arbiter.leaving), arbiter.told) == ([1, 2], [3], [])


def test_the_oldest_of_too_many_are_told_until_they_say_so() -> None:
    arbiter = Noting(2)
    arbiter.add(4, 1, 3, 2)
    arbiter.see_off(0)
    arbiter.see_off(1)
    assert (sorted(arbiter.WORKERS), arbiter.told) == ([3, 4], [1, 2, 1, 2])
    for worker, _ in arbiter.leaving.values():
        worker.farewell.said = True
    arbiter.see_off(2)
    assert arbiter.told == [1, 2, 1, 2]


def test_a_worker_of_gunicorns_own_is_told_too() -> None:
    arbiter = Noting(1)
    arbiter.WORKERS = {1: SimpleNamespace(age=1), 2: SimpleNamespace(age=2)}
    arbiter.see_off(0)
    assert (list(arbiter.WORKERS), list(arbiter.leaving)) == ([2], [1])


@pytest.mark.parametrize(
    ("leaving", "seconds", "asked"),
    [
        (2, LEAVING_SECONDS[1], 0),
        (3, LEAVING_SECONDS[1] - 1, 0),
        (3, LEAVING_SECONDS[1], 1),
        (5, LEAVING_SECONDS[2] - 1, 0),
        (5, LEAVING_SECONDS[2], 1),
    ],
    ids=["as many as serve", "one more", "one more, for long", "more than twice as many", "these for longer"],
)
def test_the_first_of_too_many_that_leave_are_hurried(leaving: int, seconds: float, asked: int) -> None:
    arbiter = Noting(2)
    arbiter.add(*range(leaving), said=True)
    arbiter.add(8, 9)
    arbiter.see_off(0)
    arbiter.see_off(seconds)
    assert arbiter.asked == list(range(asked))


def test_one_that_is_gone_in_a_moment_hurries_nobody() -> None:
    """A worker that is recycled beside as many that drain as serve, say."""
    arbiter = Noting(2)
    arbiter.add(1, 2, said=True)
    arbiter.add(8, 9)
    arbiter.see_off(0)
    arbiter.add(10, said=True)
    arbiter.see_off(100)
    assert (list(arbiter.leaving), arbiter.asked) == ([1, 2, 10], [])


def test_fewer_workers_hurry_nobody() -> None:
    arbiter = Noting(5)
    arbiter.add(1, 2, 3, 4, 5)
    arbiter.see_off(0)
    arbiter._num_workers = 1
    arbiter.see_off(1)
    arbiter.see_off(1 + LEAVING_SECONDS[1])
    assert (list(arbiter.WORKERS), list(arbiter.leaving), arbiter.asked) == ([5], [1, 2, 3, 4], [])


def test_one_that_leaves_is_a_process_like_the_others() -> None:
    arbiter = Noting(1)
    arbiter.add(1, 2, said=True)
    arbiter.add(3)
    arbiter.see_off(0)
    with arbiter.everyone():
        everyone: dict[int, Any] = dict(arbiter.WORKERS)
        del arbiter.WORKERS[2]  # reaped
    assert (set(everyone), list(arbiter.WORKERS), list(arbiter.leaving)) == ({1, 2, 3}, [3], [1])
