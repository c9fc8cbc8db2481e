"""Whether a test's first requests took longer one after the other."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

from explain_events import landed_on
from explain_first import First, in_turn, note, rising
from explain_route_figures import BY_CHANCE, RISING
from explain_routes import Route
from explain_server_timing import Served
from explain_tally import Tally


@pytest.mark.parametrize(
    ("times", "share"),
    [
        ([20.0 * number for number in range(1, 13)], 1.0),
        ([100.0] * 12, 0.0),
        ([100.0, 104.0, 99.0, 101.0], 0.0),
        ([3.0, 2.0, 1.0], -1.0),
        ([], 0.0),
    ],
)
def test_rising(times: list[float], share: float) -> None:
    assert rising(times) == pytest.approx(share, abs=0.05)


def test_chance_hardly_ever_looks_like_that() -> None:
    chance = random.Random(7)
    found = sum(rising([chance.expovariate(1.0) for _ in range(12)]) >= RISING for _ in range(2000))
    assert found < 0.01 * 2000


def test_places_that_are_taken_one_after_the_other_do() -> None:
    assert rising([60.0 * (1 + number // 4) for number in range(12)]) >= RISING


def first(times: list[float], start: float = 0.0, pid: int = 0) -> list[First]:
    """Requests that began within some ms, in any order."""
    chance = random.Random(len(times))
    return [First(start + chance.uniform(0, 0.005), ms + 2, ms, "GET /", pid) for ms in times]


def test_who_is_let_in_one_after_the_other_was_at_a_lock_whoever_came_first() -> None:
    turns = [150.0 * (1 + number) for number in range(9)]
    assert in_turn(first(turns)) <= BY_CHANCE
    assert in_turn([*first(turns, pid=1), *first(turns, 0.03, pid=2)]) <= BY_CHANCE  # each worker has its own
    alternating = [one._replace(pid=number % 2) for number, one in enumerate(first(turns))]
    assert in_turn(alternating) <= BY_CHANCE  # all have one


def test_others_end_at_any_time() -> None:
    chance = random.Random(7)
    exponential = (first([chance.expovariate(0.01) for _ in range(9)]) for _ in range(5000))
    assert sum(in_turn(requests) <= BY_CHANCE for requests in exponential) <= 2 * BY_CHANCE * 5000
    anything = (first([chance.uniform(10, 300) for _ in range(9)]) for _ in range(5000))
    assert sum(in_turn(requests) <= BY_CHANCE for requests in anything) <= 2 * BY_CHANCE * 5000


def test_users_who_come_evenly_leave_so() -> None:
    assert in_turn([First(number / 100, 102, 100, "GET /") for number in range(9)]) == 1.0
    assert in_turn(first([100.0, 250.0])) == 1.0
    assert in_turn([]) == 1.0


def test_a_pool_of_several_lets_some_leave_together() -> None:
    assert in_turn(first([80.0 * (1 + number // 3) + number % 3 for number in range(12)])) > BY_CHANCE


@pytest.mark.parametrize(
    ("final", "asked", "route"),
    [
        ("http://app:8000/dashboard", "http://app:8000/login", "GET /dashboard"),
        ("http://app:8000/list?page=2", "http://app:8000/list", "GET /list?page=2"),
        ("http://app:8000/login", "http://app:8000/login", ""),
        ("http://app:8000/login", "/login", ""),
        (None, "http://app:8000/login", ""),
        ("http://app:8000/dashboard", None, ""),
    ],
)
def test_where_a_request_was_redirected(final: str | None, asked: str | None, route: str) -> None:
    assert landed_on(SimpleNamespace(url=final), asked) == route
    assert landed_on(None, asked) == ""


def test_where_one_was_whose_address_locust_has_put_aside() -> None:
    """While HttpUser reports a request, its response has the name in the place of its address."""
    named = SimpleNamespace(url="sign in", request=SimpleNamespace(url="http://app:8000/dashboard"))
    assert landed_on(named, "http://app:8000/login") == "GET /dashboard"
    named.request.url = "http://app:8000/login"
    assert landed_on(named, "http://app:8000/login") == ""
    assert landed_on(SimpleNamespace(url="sign in"), "http://app:8000/login") == ""


def test_a_login_has_seen_the_page_behind_it_before_anybody_asked_for_that() -> None:
    """By then all users are in, and it waits for what they share."""
    tally = Tally()
    tally.setting = Served(1, 20, "SlotWorker", 1)
    logins = [First(0.0, 155.0, 150.0, "POST /login", 1, "GET /dashboard") for _ in range(4)]
    later = [First(2.0 + number, 655.0, 650.0, "GET /dashboard", 1) for number in range(12)]
    for name in ("POST /login", "GET /dashboard"):
        tally.routes[name] = Route()
    note(tally, [*logins, *later])
    quick = tally.routes["GET /dashboard"].rest.percentile(10)
    assert quick is not None
    assert quick < 200


def landing(*lands: str) -> str:
    """Where a login landed, by its first requests."""
    tally = Tally()
    tally.setting = Served(1, 20, "SlotWorker", 1)
    for name in ("POST /login", "GET /shop"):
        tally.routes[name] = Route()
    first = [First(number / 100, 155.0, 150.0, "POST /login", 1, land) for number, land in enumerate(lands)]
    note(tally, [*first, First(0.0, 20.0, 18.0, "GET /shop", 1)])
    assert tally.routes["GET /shop"].landed_on == ""
    return tally.routes["POST /login"].landed_on


@pytest.mark.parametrize(
    ("lands", "landed_on"),
    [
        (["GET /shop"] * 4, "GET /shop"),
        (["GET /shop", "GET /shop", "GET /again", ""], "GET /shop"),
        (["GET /shop", "", "", ""], ""),
        (["POST /login"] * 4, ""),
        ([""] * 4, ""),
    ],
    ids=["all", "most", "few", "itself", "none"],
)
def test_where_most_of_a_route_land_is_known(lands: list[str], landed_on: str) -> None:
    assert landing(*lands) == landed_on
