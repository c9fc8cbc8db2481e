"""Any callable that Locust takes as wait_time."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from locust import TaskSet, User, between, constant, constant_pacing

from explain_monitor import Monitor
from explain_pauses import note_waits, paced_rps


class Asks:
    def __call__(self) -> float:
        return 0.5


def half(*_: Any) -> float:
    return 0.5


WAITS: dict[str, Any] = {
    "Locust's own": constant(0.5),
    "a function": half,
    "a lambda": lambda _: 0.5,
    "a partial": functools.partial(half, 1),
    "a static method": staticmethod(lambda: 0.5),
    "a class method": classmethod(lambda _: 0.5),
    "an object": Asks(),
    "a method of another object": Asks().__call__,
}


class FakeEnvironment:
    host = "http://127.0.0.1:9"
    parsed_options = None


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS.keys())
def test_the_pause_is_what_it_was_and_is_noted(wait: Any) -> None:
    user_class = type("Tested", (User,), {"wait_time": wait, "tasks": [], "abstract": False})
    plain = user_class(FakeEnvironment()).wait_time()
    monitor = Monitor()
    for _ in range(2):  # as with a second test of the same process
        note_waits(user_class, monitor)
    assert user_class(FakeEnvironment()).wait_time() == plain == 0.5
    assert (monitor.wanted_ms, monitor.waits) == (500, 1)


def test_a_task_set_s_own_pause_is_noted_once() -> None:
    class Inner(TaskSet):
        wait_time = constant(0.25)

    class Outer(TaskSet):
        tasks = [Inner]  # noqa: RUF012 Locust's

    class Tested(User):
        wait_time = constant(1)
        tasks = [Outer]  # noqa: RUF012

    monitor = Monitor()
    note_waits(Tested, monitor)
    outer: Any = Outer(Tested(FakeEnvironment()))
    inner: Any = Inner(outer)
    assert outer.wait_time() == 1  # asks its user
    assert inner.wait_time() == 0.25
    assert (monitor.wanted_ms, monitor.waits) == (1250, 2)


def test_an_inherited_pause_is_noted() -> None:
    class Base(User):
        abstract = True
        wait_time = between(2, 2)

    class Tested(Base):
        tasks: list[Any] = []  # noqa: RUF012

    monitor = Monitor()
    note_waits(Tested, monitor)
    assert Tested(FakeEnvironment()).wait_time() == 2
    assert monitor.wanted_ms == 2000
    assert "explain" not in repr(Base.__dict__["wait_time"])


def test_pacing_is_known_before_and_after() -> None:
    class Tested(User):
        wait_time = constant_pacing(0.5)
        tasks: list[Any] = []  # noqa: RUF012

    assert paced_rps([Tested], 10) == 20
    note_waits(Tested, Monitor())
    assert paced_rps([Tested], 10) == 20
