"""Slot-seconds: what has ended and what has not."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config

from gunicorn_slots import held as module
from gunicorn_slots.held import HeldTime, follow_hooks


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock that stands until it is set."""
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    return now


def test_requests_that_have_not_ended_count(clock: Any) -> None:
    held = HeldTime()
    held.begin()
    clock.seconds = 102
    held.begin()
    assert held.read(105) == (2 * 5 - 2, 2)
    clock.seconds = 110
    held.end()
    assert held.read(120) == (10 + 8 + 10, 2)
    held.end()
    clock.seconds = 200
    held.begin()
    assert held.read(200)[1] == 3


def test_gunicorns_own_hooks_go_on(clock: Any) -> None:
    calls: list[str] = []
    cfg = Config()
    cfg.set("pre_request", lambda worker, req: calls.append("before"))
    cfg.set("post_request", lambda worker, req, environ, resp: calls.append("after"))
    held = follow_hooks(SimpleNamespace(cfg=cfg))
    cfg.pre_request(None, None)
    clock.seconds = 103
    cfg.post_request(None, None, {}, None)
    assert (calls, held.read(200)) == (["before", "after"], (3, 1))


def test_many_threads_change_it_at_once() -> None:
    held = HeldTime()

    def take() -> None:
        for _ in range(2000):
            held.begin()
            held.end()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, requests = held.read(time.monotonic())
    assert requests == 16_000
    assert held.read(time.monotonic() + 1000)[0] == pytest.approx(seconds)
