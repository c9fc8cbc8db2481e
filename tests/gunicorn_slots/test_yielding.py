"""When a thread lets the others go first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gunicorn_slots import yielding
from gunicorn_slots.hanging import HangWatch
from gunicorn_slots.limits import UNDER_WAY_SECONDS, YIELD_SECONDS
from gunicorn_slots.yielding import Yielding


def test_a_thread_lets_the_others_go_first_while_one_is_under_way_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now, yields, watch = 1000.0, list[float](), HangWatch(None, 0)
    threads = Yielding(watch)
    monkeypatch.setattr(yielding, "time", SimpleNamespace(monotonic=lambda: now, sleep=yields.append))
    threads.let_others_go_first()
    assert yields == []  # none is under way
    conn: Any = object()
    watch.serving = {conn: now}
    now += 0.9 * UNDER_WAY_SECONDS
    threads.let_others_go_first()
    assert yields == []
    now += 0.2 * UNDER_WAY_SECONDS
    for _ in range(2):
        threads.let_others_go_first()
    assert yields == [0]
    now += 1.1 * YIELD_SECONDS
    threads.let_others_go_first()
    assert yields == [0, 0]
