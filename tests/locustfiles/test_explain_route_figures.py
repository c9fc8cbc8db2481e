"""What requests that wait for each other look like when nobody keeps a queue in order."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from explain_route_figures import one_by_one, slowed
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


def route(*workers: Iterator[tuple[float, float]]) -> Route:
    made = Route()
    for end, app_ms, pid in sorted((*one, pid) for pid, requests in enumerate(workers) for one in requests):
        made.app.add(app_ms)
        made.ended(end, pid)
    return made


def test_a_lock_without_order_is_seen() -> None:
    assert one_by_one(route(locked()))


@pytest.mark.parametrize("users", [6, 12, 36])
def test_requests_that_do_not_wait_end_in_any_order(users: int) -> None:
    assert not one_by_one(route(apart(users)))


def test_few_at_a_time_are_no_proof() -> None:
    assert not one_by_one(route(locked(users=2)))
    assert not one_by_one(Route())


def test_a_lock_in_each_worker_is_seen() -> None:
    assert one_by_one(route(locked(), locked(), locked()))


@pytest.mark.parametrize("users", [6, 12, 36])
def test_workers_whose_requests_do_not_wait_have_no_lock(users: int) -> None:
    assert not one_by_one(route(apart(users), apart(users), apart(users)))


def at_rest_and_now(first: list[float], now: list[float]) -> Route:
    made = Route()
    for value in first:
        made.rest.add(value)
    for value in [*first, *now]:
        made.app.add(value)
    return made


def test_what_takes_longer_than_most_first_ones_did_is_told_from_chance() -> None:
    """A pool of five for nine: ten of the first twelve found a connection, later ones hardly ever do."""
    first = [80.0] * 10 + [160.0] * 2
    assert slowed(at_rest_and_now(first, [80.0] * 20 + [160.0] * 80)) > 50
    assert slowed(at_rest_and_now(first, first * 9)) == 0
    any_length = [CHANCE.expovariate(1 / 100) for _ in range(200)]
    assert slowed(at_rest_and_now(any_length[:12], any_length[12:])) == 0


def test_ends_that_locust_has_kept_apart_are_no_lock() -> None:
    """It takes 0.6 ms for each response of 1000 a second."""
    seen = 0.0
    made = Route()
    for end, app_ms in sorted((end, app_ms) for end, app_ms in apart(150)):
        seen = max(end, seen + 0.0006)
        made.app.add(app_ms)
        made.ended(seen, 0)
    assert not one_by_one(made)
