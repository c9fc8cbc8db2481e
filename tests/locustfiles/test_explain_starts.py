"""Requests of on_start are in a run's figures, and said to be."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import gevent
import gevent.event
import pytest
from gevent.pool import Group
from locust import User, task
from locust.exception import StopUser

import explain_starts
from explain_analysis import analyse
from explain_monitor import Monitor
from explain_tally import tally_of
from explain_text import rows
from tests.bed.gunicorn import Server
from tests.bed.locust import explained
from tests.locustfiles.conftest import HERE
from tests.locustfiles.samples import FINE, run


def counted(user_class: type[User], method: str = "on_start") -> int:
    """How many requests of a method are counted as on_start's; it calls `request` for each."""
    made: Any = SimpleNamespace(counting=True, monitor=Monitor())
    explain_starts.note_starts([user_class])
    explain_starts.note_starts([user_class])  # the second test of a process
    user: Any = user_class.__new__(user_class)
    user.request = lambda: explain_starts.on_request(made, response_time=5.0)
    gevent.spawn(getattr(user, method)).get()
    gevent.spawn(user.request).get()  # another user's, after it
    return int(made.monitor.peek().starts)


class SignsIn(User):
    request: Any

    def on_start(self) -> None:
        self.request()

    @task
    def read(self) -> None:
        self.request()


class Heir(SignsIn):
    """One whose class has no on_start of its own."""


class Raises(User):
    request: Any

    def on_start(self) -> None:
        try:
            self.fail()
        finally:
            self.request()

    def fail(self) -> None: ...


class Idle(User):
    """One without."""


@pytest.mark.parametrize(
    ("user_class", "method", "number"),
    [
        (SignsIn, "on_start", 1),
        (SignsIn, "read", 0),
        (Heir, "on_start", 1),
        (Raises, "on_start", 1),
        (Idle, "on_start", 0),
    ],
)
def test_what_is_of_on_start(user_class: type[User], method: str, number: int) -> None:
    assert counted(user_class, method) == number


class SlowlySignsIn(User):
    """Whose on_start takes until it is told to go on."""

    gate: Any

    def on_start(self) -> None:
        self.gate.wait()


def live(user: Any) -> None:
    """As Locust runs a user."""
    user.on_start()
    gevent.sleep(60)


def test_who_is_yet_to_begin() -> None:
    """A user whose greenlet has not come to its on_start, or is in it; none whose class has none of its own."""
    explain_starts.note_starts([SlowlySignsIn, Idle])
    slow, idle = SlowlySignsIn.__new__(SlowlySignsIn), Idle.__new__(Idle)
    slow.gate = gevent.event.Event()
    users = Group()
    users.spawn(live, idle)
    assert not explain_starts.yet_to_begin(users)
    users.spawn(live, slow)
    assert explain_starts.yet_to_begin(users)
    gevent.sleep(0)
    assert explain_starts.yet_to_begin(users)
    slow.gate.set()
    gevent.sleep(0)
    assert not explain_starts.yet_to_begin(users)
    users.kill()
    assert not explain_starts.yet_to_begin(users)


def test_one_whose_start_fails_is_waited_for_no_longer() -> None:
    class Fails(User):
        def on_start(self) -> None:
            raise StopUser

    explain_starts.note_starts([Fails])
    users = Group()
    greenlet = users.spawn(live, Fails.__new__(Fails))
    greenlet.join()
    assert isinstance(greenlet.exception, StopUser)
    assert not explain_starts.yet_to_begin([greenlet])


def test_both_means_are_said() -> None:
    """1700 requests of 102 ms, of which 36 took 1002 ms."""
    loads = [load(starts=30, starts_ms=30 * 1002.0), load(starts=6, starts_ms=6 * 1002.0)]
    found = analyse(tally_of(run()), 36, 10.0, loads)
    assert (found.load.on_start, found.load.on_start_ms) == (36, 1002.0)
    rest = (102 * 1700 - 36 * 1002) / (1700 - 36)
    assert dict(rows(found))["Users' start"] == (
        f"36 requests of on_start among them, 1002 ms on average; without these {rest:.3g} ms"
    )
    assert "Users' start" not in dict(rows(replace(found, load=replace(found.load, on_start=0))))


def load(**fields: Any) -> Any:
    return FINE[0]._replace(**fields)


@pytest.mark.process
def test_a_login_is_told_apart(healthy: Server) -> None:
    done = explained(HERE / "signs_in.py", healthy.url, "--processes", "2", users=6, seconds=3)
    assert done.analysis["load"]["on_start"] == 6
    assert done.analysis["load"]["on_start_ms"] > 500
    assert "6 requests of on_start among them" in done.output
