"""What requests that wait for each other look like when nobody keeps a queue in order."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from explain_route_figures import one_by_one
from explain_routes import Route

CHANCE = random.Random(7)


def locked(users: int = 12) -> Iterator[tuple[float, float]]:
    """Whoever tries at the right moment gets a place for 15 ms; some milliseconds pass until somebody tries."""
    waiting = [0.0] * users
    for number in range(400):
        end = (number + 1) * 0.02 + CHANCE.uniform(0, 0.005)
        who = CHANCE.randrange(users)
        yield end, (end - waiting[who]) * 1e3
        waiting[who] = end


def apart(users: int = 12) -> Iterator[tuple[float, float]]:
    """Nobody waits: each takes 10 to 300 ms."""
    ends = [0.0] * users
    for _ in range(400):
        who = min(range(users), key=lambda user: ends[user])
        took = CHANCE.uniform(0.01, 0.3)
        ends[who] += took
        yield ends[who], took * 1e3


def route(requests: Iterator[tuple[float, float]]) -> Route:
    made = Route()
    for end, app_ms in sorted(requests):
        made.app.add(app_ms)
        made.ended(end)
    return made


def test_a_lock_without_order_is_seen() -> None:
    assert one_by_one(route(locked()))


@pytest.mark.parametrize("users", [6, 12, 36])
def test_requests_that_do_not_wait_end_in_any_order(users: int) -> None:
    assert not one_by_one(route(apart(users)))


def test_few_at_a_time_are_no_proof() -> None:
    assert not one_by_one(route(locked(users=2)))
    assert not one_by_one(Route())
