"""The laws, by hand."""

from __future__ import annotations

import pytest

from explain_laws import Bounds, Demand, bounds, in_use, ratio, shared, slots_of

DEMAND = Demand(app_s=0.1, cpu_s=0.004, think_s=0.3, bounded=True)


@pytest.mark.parametrize(
    ("worker_class", "slots"),
    [
        ("sync", 3),
        ("gthread", 18),
        ("gunicorn.workers.gthread.ThreadWorker", 18),
        ("SlotWorker", 18),
        ("gunicorn_slots.SlotWorker", 18),
        ("gevent", None),
        ("uvicorn_worker.UvicornWorker", None),
    ],
)
def test_slots(worker_class: str, slots: int | None) -> None:
    assert slots_of(3, 6, worker_class) == slots


def test_bounds() -> None:
    found = bounds(DEMAND, users=36, workers=3, slots=18, vcpu=2)
    assert (found.slots_rps, found.cpu_rps, found.users_rps) == pytest.approx((180, 500, 90))


@pytest.mark.parametrize(
    ("users", "workers", "slots", "limit"), [(36, 3, 18, "users"), (400, 3, 18, "slots"), (400, 1, 64, "cpu")]
)
def test_the_lowest_bound(users: int, workers: int, slots: int, limit: str) -> None:
    lowest = bounds(DEMAND, users, workers, slots, vcpu=2).lowest()
    assert lowest is not None
    assert lowest[0] == limit


def test_what_is_not_known_is_no_bound() -> None:
    unknown = bounds(Demand(None, None, None, False), users=36, workers=3, slots=18, vcpu=2)
    assert unknown == Bounds(None, None, None)
    assert unknown.lowest() is None
    loop = bounds(Demand(0.1, 0.004, None, bounded=False), users=36, workers=3, slots=18, vcpu=2)
    assert loop.slots_rps is None
    assert loop.users_rps == pytest.approx(360)  # without a pause


def test_of_equal_bounds_the_users_come_first() -> None:
    assert Bounds(slots_rps=180.0, cpu_rps=500.0, users_rps=180.0).lowest() == ("users", 180.0)


def test_little_and_utilization() -> None:
    assert in_use(170, 0.1) == pytest.approx(17)
    assert in_use(170, 0.004) == pytest.approx(0.68)


@pytest.mark.parametrize(("numerator", "denominator"), [(1, 0), (None, 1), (1, None)])
def test_no_ratio(numerator: float | None, denominator: float | None) -> None:
    assert ratio(numerator, denominator) is None


@pytest.mark.parametrize(
    ("users", "think", "elsewhere", "cpu", "cores", "response"),
    [
        (1, 0.5, 0.03, 0.02, 1, 0.05),  # alone
        (1, 0.5, 0.03, 0.02, 4, 0.05),
        (10, 0.0, 0.0, 0.02, 1, 0.2),  # all are at the CPU, one after the other
        (10, 0.0, 0.0, 0.02, 2, 0.1),
        (100, 1.0, 0.0, 0.02, 1, 1.0),  # N · C - Z, as the CPU is always in use
        (20, 0.0, 0.5, 0.0, 1, 0.5),  # nobody computes
        (0, 0.0, 0.1, 0.1, 1, 0.1),
    ],
)
def test_sharing_the_cpu(users: int, think: float, elsewhere: float, cpu: float, cores: int, response: float) -> None:
    assert shared(users, think, elsewhere, cpu, cores) == pytest.approx(response, rel=0.06)
