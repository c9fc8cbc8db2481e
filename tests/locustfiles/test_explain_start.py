"""Waiting for the app in front of Locust: when it ends, and with which words."""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import explain_start
from explain_start import state_of, target, why_not

FAILED = "the app does not start: KeyError: 'SECRET_KEY'\n  File \"/srv/app/app.py\", line 12, in <module>"
LOADING = "the app is still loading after 20 s"


def waited(states: Sequence[str], notes: Sequence[str], seconds: float = 60) -> tuple[str, float]:
    """What is said, and when; a state and a note for each second, the last of them for ever."""
    now = itertools.count()
    at = 0

    def clock() -> float:
        nonlocal at
        at = next(now)
        return float(at)

    def nth(values: Sequence[str]) -> str:
        return values[min(at, len(values) - 1)]

    said = why_not(lambda: nth(states), lambda: nth(notes), seconds, clock, lambda _: None)
    return said, at


@pytest.mark.parametrize(
    ("states", "notes", "said", "at"),
    [
        (["gone", "closed", "silent", "answers"], [""], "", 3),
        (["closed"], ["", FAILED], FAILED, 5),
        # The note of a start before this one, until this one begins.
        (["closed", "closed", "closed", "answers"], [FAILED, FAILED, ""], "", 3),
        # Compose has started it anew, and it failed again.
        (["closed"], [FAILED, "", "", "", FAILED], FAILED, 8),
        (["gone"], [""], "the app's container has ended: `docker compose logs app` says why", 10),
        (["gone"], ["", "", FAILED], FAILED, 6),
        # It may still come.
        (["silent"] * 50 + ["answers"], [LOADING], "", 50),
        (["closed"] * 50 + ["answers"], [LOADING], "", 50),  # with preload_app nobody listens until it is loaded
    ],
)
def test_how_it_ends(states: list[str], notes: list[str], said: str, at: int) -> None:
    text, when = waited(states, notes)
    assert text == said
    assert abs(when - at) <= 1


@pytest.mark.parametrize("note", ["", LOADING])
def test_it_waits_no_longer_than_it_shall(note: str) -> None:
    said, _ = waited(["silent"], [note], 30)
    assert said.startswith("the app did not answer within 30 s (APP_START_SECONDS)" + (f": {note}" if note else "\n"))
    assert said.endswith("`docker compose logs app` has its log")


@pytest.mark.parametrize(
    ("options", "host"),
    [
        ([], "http://app:8000"),
        (["--headless", "-u", "1"], "http://app:8000"),
        (["-H", "https://shop.example"], "https://shop.example"),
        (["--host=https://shop.example"], "https://shop.example"),
        (["--version"], ""),
        (["--host"], ""),
    ],
)
def test_what_is_put_under_load(options: list[str], host: str) -> None:
    assert target(options, {"LOCUST_HOST": "http://app:8000"}) == host


def test_a_server_in_each_state() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        assert state_of("127.0.0.1", port) == "closed"
        sock.listen()
        explain_start.ASK_SECONDS, before = 0.1, explain_start.ASK_SECONDS
        try:
            assert state_of("127.0.0.1", port) == "silent"
        finally:
            explain_start.ASK_SECONDS = before
    assert state_of("nobody.invalid", 80) == "gone"


@pytest.mark.parametrize("environ", [{"LOCUST_HOST": "https://shop.example"}, {"LOCUST_MODE_WORKER": "true"}])
def test_for_another_server_it_waits_for_nobody(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    became = []
    monkeypatch.setattr(os, "execvp", lambda *command: became.append(command))
    explain_start.main(["locust", "--headless"], {"LOCUST_HOST": "http://app:8000"} | environ)
    assert became == [("locust", ["locust", "--headless"])]


def test_how_long_is_a_number() -> None:
    with pytest.raises(SystemExit, match="APP_START_SECONDS=soon: expected a whole number, 1 to 3600"):
        explain_start.main(["locust"], {"LOCUST_HOST": "http://app:8000", "APP_START_SECONDS": "soon"})


def test_a_note_may_be_missing(tmp_path: Path) -> None:
    assert explain_start.read(tmp_path / "none", 0) == ""
    (tmp_path / "note").write_text(f"{FAILED}\n")
    assert explain_start.read(tmp_path / "note", time.time() - 10) == FAILED
    assert explain_start.read(tmp_path / "note", time.time() + 10) == ""
