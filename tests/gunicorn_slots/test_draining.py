"""What a worker tells its arbiter, and what the log says of those that are cut."""

from __future__ import annotations

import os
import signal
import time
from types import SimpleNamespace

import pytest

from gunicorn_slots.draining import Draining, Farewell
from gunicorn_slots.limits import CUT_SECONDS, NAMED_MOST


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, sig: sent.append((pid, sig)))
    return sent


def test_an_arbiter_is_woken(signals: list[tuple[int, int]]) -> None:
    farewell = Farewell()
    assert not farewell.said
    farewell.say(os.getppid())
    assert farewell.said
    assert signals == [(os.getppid(), signal.SIGCHLD)]


def test_a_strangers_process_is_not(signals: list[tuple[int, int]]) -> None:
    Farewell().say(os.getppid() + 1)
    assert signals == []


def test_an_arbiter_of_another_user_looks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(pid: int, sig: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refused)
    farewell = Farewell()
    farewell.say(os.getppid())
    assert farewell.said


class Sock:
    """A connection that is over already."""

    def shutdown(self, how: int) -> None:
        raise OSError


class Worker:
    """One that drains so many requests."""

    def __init__(self, requests: int) -> None:
        self.pid, self.ppid, self.farewell = 17, -1, Farewell()
        self.watch, self.log = self, self
        self.serving: dict[SimpleNamespace, float] = {}
        self.lines: list[str] = []
        message = SimpleNamespace(method="GET", path="/stream")
        for number in range(requests):
            conn = Connection(client=(f"10.0.0.{number}", 1), parser=SimpleNamespace(mesg=message), sock=Sock())
            self.serving[conn] = time.monotonic() - 30

    def warning(self, text: str, *args: object) -> None:
        self.lines.append(text % args)

    def drop(self, conn: SimpleNamespace, now: float) -> None:
        del self.serving[conn]


class Connection(SimpleNamespace):
    __hash__ = object.__hash__  # type: ignore[assignment] # as those of gunicorn have it


def drained(worker: Worker, seconds: float, limit: int = 600) -> Draining:
    """Let a worker drain for so long."""
    draining = Draining(worker, limit)
    draining.begin()
    draining.look(draining.begun + seconds)
    return draining


def test_one_line_names_those_that_are_cut() -> None:
    worker = Worker(2)
    drained(worker, 600)
    named = "10.0.0.0 GET /stream after 630 s, 10.0.0.1 GET /stream after 630 s"
    assert worker.lines == [f"Cut 2 requests, as worker 17 has drained for 600 s (SLOT_DRAIN_SECONDS=600): {named}"]


def test_a_line_has_an_end() -> None:
    worker = Worker(NAMED_MOST + 3)
    drained(worker, 600)
    assert worker.lines[0].count("GET /stream") == NAMED_MOST
    assert worker.lines[0].endswith(", and 3 more")


def test_those_whose_threads_stay_are_waited_for_no_more() -> None:
    worker = Worker(2)
    draining = drained(worker, 600)
    draining.look(draining.cut + CUT_SECONDS - 0.1)
    assert len(worker.serving) == 2
    draining.look(draining.cut + CUT_SECONDS)
    assert (worker.serving, len(worker.lines)) == ({}, 1)


@pytest.mark.parametrize(("seconds", "limit"), [(599, 600), (86_400, 0)], ids=["not yet", "no limit"])
def test_nobody_is_cut_before(seconds: float, limit: int) -> None:
    worker = Worker(1)
    drained(worker, seconds, limit)
    assert worker.lines == []


def test_a_worker_that_is_not_wanted_any_more_cuts_its_requests_too() -> None:
    worker = Worker(1)
    worker.farewell.ask()
    drained(worker, 1)
    reason = "more workers drain than serve, and worker 17 is the first of them"
    assert worker.lines == [f"Cut 1 request, as {reason}: 10.0.0.0 GET /stream after 31 s"]


def test_nothing_to_cut_is_no_line() -> None:
    worker = Worker(0)
    drained(worker, 600)
    assert worker.lines == []
