"""One attack does not fill a disk."""

from __future__ import annotations

import logging
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from gunicorn_slots import sparing
from gunicorn_slots.sparing import FIRST, SECONDS, Sparing


class Kept(logging.Handler):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(sparing, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    return now


@pytest.fixture
def log(clock: Any) -> Any:
    """As gunicorn's: its warnings go to a logger of its own."""
    errors, kept = logging.Logger("errors"), Kept()
    errors.addHandler(kept)
    return SimpleNamespace(error_log=errors, warning=errors.warning, error=errors.error, lines=kept.lines)


def looking_after(log: Any) -> Sparing:
    sparing = Sparing()
    sparing.begin(log)
    return sparing


def test_the_first_lines_and_then_a_count_each_minute(log: Any, clock: Any) -> None:
    sparing = looking_after(log)
    for number in range(24_000):
        log.warning(f"Invalid request from ip=127.0.0.1: {number}")
        log.warning("Gave up on %s", number)
    log.warning("Something else")
    assert len(log.lines) == 2 * FIRST + 1
    sparing.say(clock.seconds + SECONDS - 1)
    assert len(log.lines) == 2 * FIRST + 1
    sparing.say(clock.seconds + SECONDS)
    more = 24_000 - FIRST
    assert log.lines[-2:] == [
        f"{more} more in 60 s like: Invalid request from ip=…",
        f"{more} more in 60 s like: Gave up on …",
    ]


def test_it_goes_on_counting_until_a_minute_is_quiet(log: Any, clock: Any) -> None:
    sparing = looking_after(log)
    for _ in range(3):
        for _ in range(FIRST + 5):
            log.warning("Gave up on x")
        clock.seconds += SECONDS
        sparing.say(clock.seconds)
    assert log.lines.count("Gave up on x") == FIRST
    assert [line.split(" ")[0] for line in log.lines[FIRST:]] == ["5", str(FIRST + 5), str(FIRST + 5)]
    clock.seconds += SECONDS
    sparing.say(clock.seconds)
    log.warning("Gave up on y")
    assert log.lines[-1] == "Gave up on y"


def test_errors_and_the_end(log: Any, clock: Any) -> None:
    """A request that hangs is an error, and each is named; what was counted is said before the worker is gone."""
    sparing = looking_after(log)
    for _ in range(FIRST + 7):
        log.error("Gave up on x: hangs for 240 s")
        log.warning("Gave up on y")
    assert len(log.lines) == 2 * FIRST + 7
    sparing.say(clock.seconds + 3, at_once=True)
    assert log.lines[-1] == "7 more in 3 s like: Gave up on …"
    sparing.say(clock.seconds + 4, at_once=True)
    assert log.lines[-1] == "7 more in 3 s like: Gave up on …"


def test_no_line_is_lost_between_threads(log: Any, clock: Any) -> None:
    sparing = looking_after(log)

    def attack() -> None:
        for _ in range(500):
            log.warning("Gave up on x")

    threads = [threading.Thread(target=attack) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sparing.say(clock.seconds, at_once=True)
    assert log.lines.count("Gave up on x") == FIRST
    assert log.lines[-1].startswith(f"{4000 - FIRST} more ")


def test_a_logger_of_somebodys_own() -> None:
    looking_after(SimpleNamespace()).say(0.0, at_once=True)
