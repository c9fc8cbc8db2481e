"""Reloads, recycled workers, more and fewer workers, the end: under load, and nothing is lost."""

from __future__ import annotations

import contextlib
import signal
import socket
import time
from functools import partial
from pathlib import Path

import pytest

from tests.bed.gunicorn import Server, gunicorn
from tests.bed.users import users
from tests.bed.waiting import wait_for
from tests.resilience.conftest import FULL, Record, Serve
from tests.resilience.rows import STACK

pytestmark = pytest.mark.process


def replaced(server: Server, before: set[int]) -> bool:
    return not before & server.pids()


def has(server: Server, workers: int) -> bool:
    return len(server.pids()) == workers


def test_hup_again_and_again(who: str, serve: Serve, record: Record) -> None:
    with serve() as server:
        with users(server.port) as run:
            time.sleep(0.5)
            for _ in range(10 if FULL else 5):
                before = server.pids()
                server.process.send_signal(signal.SIGHUP)
                wait_for(partial(replaced, server, before), 40, "new workers")
            time.sleep(0.5)
        assert "Traceback" not in server.log.read_text()
    record("hup", who, run.sent, run.lost)
    if who == STACK:
        assert run.lost == run.refused == 0, run.outcomes
    assert run.sent > (500 if FULL else 300)


def recycled(server: Server) -> int:
    return server.log.read_text().count("Autorestarting worker")


def test_recycled_workers(who: str, serve: Serve, record: Record) -> None:
    recycle = ("--max-requests", "100", "--max-requests-jitter", "50")
    with serve("app:app", None, *recycle) as server:
        with users(server.port) as run:
            if FULL:
                time.sleep(8)
            else:  # a worker ends after 100 to 150, so more than one of them for the second time
                wait_for(lambda: recycled(server) >= 5, 20, "five workers that end")
        ended = recycled(server)
    record("recycled", who, run.sent, run.lost, f"{ended} workers ended")
    if who == STACK:
        assert ended >= 5
        assert run.lost == run.refused == 0, run.outcomes


def test_more_and_fewer_workers(who: str, serve: Serve, record: Record) -> None:
    with serve() as server, users(server.port) as run:
        for number, (sign, workers) in enumerate([(signal.SIGTTIN, 5), (signal.SIGTTOU, 2)]):
            for _ in range(2 + number):
                server.process.send_signal(sign)
                time.sleep(0.3)
            wait_for(partial(has, server, workers), 10, f"{workers} workers")
            time.sleep(1)
    record("ttin", who, run.sent, run.lost)
    if who == STACK:
        assert run.lost == run.refused == 0, run.outcomes


def test_stop(who: str, serve: Serve, record: Record) -> None:
    """Also what still waits in the kernel's queue is answered: with 36 users, that is every second request."""
    with serve() as server:
        with users(server.port) as run:
            time.sleep(1.5)
            told = time.monotonic()
            status = server.stop()
            took = time.monotonic() - told
        before = run.between(0, told)
        after = run.between(told)
    record("stop", who, before.sent, before.lost, f"{after.lost} of {after.sent} that were sent later")
    assert status == 0
    assert took < 4
    if who == STACK:
        assert before.lost == 0, before.outcomes


def test_stop_behind_a_unix_socket(tmp_path: Path) -> None:
    """Whose queue nobody can count."""
    path = tmp_path / "socket"
    environ = {"GUNICORN_BIND": f"unix:{path}", "GUNICORN_WORKERS": "3"}
    with gunicorn(["--threads", "6", "app:app"], environ, ready="") as server, contextlib.ExitStack() as stack:
        wait_for(lambda: path.exists() and has(server, 3), what="three workers")
        time.sleep(1)
        socks = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(54)]
        for sock in socks:
            sock.settimeout(10)
            sock.connect(str(path))
            sock.sendall(b"GET /io?ms=300 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.1)
        assert server.stop() == 0
        assert all(sock.recv(100).startswith(b"HTTP/1.1 200 ") for sock in socks)
