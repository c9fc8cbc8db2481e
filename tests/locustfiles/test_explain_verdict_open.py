"""Verdicts on load that does not wait for answers: no law of users who do may be applied to it."""

from __future__ import annotations

import re

import pytest

from explain_types import Analysis
from tests.locustfiles.arriving import explained
from tests.locustfiles.simulated import App, Route
from tests.locustfiles.simulated import explained as explained_users

WAITS = Route("waits", [0.1])
COMPUTES = Route("computes", [("cpu", 0.02)])


def app(*routes: Route, workers: int = 3, threads: int = 6, vcpu: int = 1, **places: int) -> App:
    return App(routes, workers, threads, vcpu, shared=places)


def suggested(found: Analysis) -> int:
    """The slots of the setting to try."""
    numbers = re.search(r"GUNICORN_WORKERS=(\d+) GUNICORN_THREADS=(\d+)", found.verdict.suggestion)
    assert numbers, found.verdict.suggestion
    return int(numbers[1]) * int(numbers[2])


@pytest.mark.parametrize(
    ("rps", "code"), [(20, "healthy"), (90, "healthy"), (120, "healthy"), (200, "slots"), (300, "slots")]
)
def test_the_slots_are_the_limit_where_arrivals_ask_for_more(rps: float, code: str) -> None:
    found = explained(app(WAITS), rps)
    assert found.verdict.code == code, found.verdict
    assert found.arrivals.asked_utilization == pytest.approx(rps * 0.1 / 18, rel=0.1)
    assert (found.bounds.users_rps, found.load.accounted_users, found.demand.think_s) == (None, None, None)
    parts = [part.mean or 0.0 for part in (found.delay_ms, found.queue_ms, found.wire_ms, found.app_ms)]
    assert sum(parts) == pytest.approx(found.response_ms.mean, rel=0.02)


def test_what_is_suggested_holds_them() -> None:
    for rps in (200, 300):
        slots = suggested(explained(app(WAITS), rps))
        again = explained(app(WAITS, workers=2, threads=slots // 2), rps)
        assert again.verdict.code == "healthy", again.verdict


def test_the_queue_is_said_to_grow_only_where_it_does() -> None:
    grows = "the queue grows for as long as they come"
    assert grows in explained(app(WAITS), 200).verdict.text
    nearly = explained(app(WAITS, workers=1, threads=2), 17)
    assert nearly.verdict.code == "slots"
    assert grows not in nearly.verdict.text
    assert "17 requests/s are asked for, 85 % of what 2 slots can serve" in nearly.verdict.text


@pytest.mark.parametrize(("vcpu", "code"), [(1, "cpu"), (2, "gil")])
def test_the_cpu_is_the_limit_of_what_computes(vcpu: int, code: str) -> None:
    found = explained(app(COMPUTES, workers=1, threads=18, vcpu=vcpu), 60)
    assert found.verdict.code == code, found.verdict


def test_what_waits_inside_waits_there() -> None:
    locked = Route("locked", [("lock", 0.1)])
    found = explained(app(locked, workers=2, threads=20, lock=1), 12, max_users=400)
    assert found.verdict.code == "inside", found.verdict


def test_what_hangs_is_stuck() -> None:
    hangs = Route("hangs", [0.05, ("hang", 0.2)])
    found = explained(app(hangs, workers=3, threads=60), 20)
    assert found.verdict.code == "stuck", found.verdict
    assert found.arrivals.under_way is not None
    assert found.arrivals.under_way > 50


def test_nothing_that_ends_is_stuck() -> None:
    """However long requests take, and however long the queue is."""
    for routes in ([Route("long", [8.0])], [WAITS, Route("long", [5.0], weight=0.05)]):
        for rps in (2, 10):
            found = explained(app(*routes, workers=3, threads=40), rps)
            assert found.verdict.code != "stuck", (rps, found.verdict)
    assert explained(app(WAITS), 400, max_users=10_000).verdict.code == "slots"


# --- a load that does not stay open -------------------------------------------------------------------


def test_too_few_users_are_the_generator_s_limit() -> None:
    found = explained(app(WAITS), 60, max_users=3)
    assert found.verdict.code == "generator"
    assert "all 3 users that there may be (--max-users) were in a task" in found.verdict.text
    began = re.search(r"60 a second were asked for, and ([\d.]+) began", found.verdict.text)
    assert began
    assert float(began[1]) == pytest.approx(3 / 0.1, rel=0.05)
    assert "--max-users" in found.verdict.suggestion
    assert found.response_ms.mean == pytest.approx((found.delay_ms.mean or 0) + 101, rel=0.1)


def test_a_full_app_is_the_limit_also_where_users_ran_out() -> None:
    found = explained(app(WAITS), 300, max_users=200)
    assert found.verdict.code == "slots"
    assert "The load did not stay open: all 200 users" in found.verdict.text
    assert found.arrivals.held_back is not None
    assert found.arrivals.held_back > 100
    assert found.generator.offered_rps == pytest.approx(300, rel=0.1)
    assert found.load.rps == pytest.approx(178, rel=0.05)


def test_users_who_wait_have_no_arrivals() -> None:
    found = explained_users(app(WAITS), users=12, seconds=10)
    assert found.arrivals.asked_rps is None
    assert found.delay_ms.mean is None
    assert found.bounds.users_rps is not None
