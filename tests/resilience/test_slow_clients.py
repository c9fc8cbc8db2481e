"""Clients who keep slots waiting: silent ones, and those whose request never gets complete."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from tests.bed import clients
from tests.bed.gunicorn import Server
from tests.bed.users import users
from tests.resilience.conftest import FAULTY, FULL, Record, Serve
from tests.resilience.rows import STACK

pytestmark = pytest.mark.process

HEAD = b"GET /io?ms=100 HTTP/1.1\r\nHost: x\r\nX-Half: "
POST = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
LIMIT = 2 if FULL else 1
ENVIRON = {"SLOT_HEAD_SECONDS": str(LIMIT), "SLOT_BODY_SECONDS": str(LIMIT)}
READER_LIMIT = 4 if FULL else 2


@pytest.mark.alone
def test_silent_connections(who: str, serve: Serve, record: Record) -> None:
    """The kernel keeps them for a minute; `make resilience` looks at what happens after it too."""
    with serve() as server:
        with users(server.port) as alone:
            time.sleep(20 if FULL else 3)
        with clients.silent(server.port, 100), users(server.port) as run:
            time.sleep(75 if FULL else 4)
    growth = run.percentile(0.95) / alone.percentile(0.95) - 1
    record("silent", who, run.sent, run.lost, f"p95 {growth:+.0%}")
    if who == STACK:
        assert run.lost == run.refused == 0, run.outcomes
        assert growth < (0.2 if FULL else 0.5)  # of 3 s on a machine that does other things, a p95 says less


@contextlib.contextmanager
def rough(server: Server, kind: str) -> Iterator[list[socket.socket]]:
    """18 clients, one for each slot, whose request never gets complete or whose response is never read."""
    first = {"body": POST, "reader": b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"}.get(kind, HEAD)
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port))) for _ in range(18)]
        for sock in socks:
            sock.sendall(first)
        over = threading.Event()
        dripping = threading.Thread(target=drip, args=(socks, over))
        if kind == "drip":
            dripping.start()
            stack.callback(dripping.join)
            stack.callback(over.set)
        yield socks


def drip(socks: list[socket.socket], over: threading.Event) -> None:
    """Send a byte on each connection every 0.3 s."""
    while not over.wait(0.3):
        for sock in socks:
            with contextlib.suppress(OSError):
                sock.sendall(b"x")


@pytest.mark.parametrize("kind", ["head", "drip", "body", "reader"])
def test_rough_clients(who: str, serve: Serve, record: Record, kind: str) -> None:
    # Each kind under its own limit alone.
    limit, environ = (
        (READER_LIMIT, {"SLOT_REQUEST_SECONDS": str(READER_LIMIT)}) if kind == "reader" else (LIMIT, ENVIRON)
    )
    with serve(FAULTY, environ) as server:
        time.sleep(0.5)  # the workers have all started, so that each gets its six
        before = server.workers()
        with rough(server, kind):
            time.sleep(0.3)
            begin = time.monotonic()
            with users(server.port, timeout=8) as run:
                time.sleep(limit + 3.5)
            log = server.log.read_text()
            same = server.workers() == before
    first = min((request.ended for request in run.requests if request.outcome == "answered"), default=None)
    rate = run.rate(begin + limit + 2, begin + limit + 3.5)
    note = f"first answer after {first - begin:.1f} s, {rate:.0f}/s at the end" if first else "no answer"
    record(kind, who, run.sent, run.lost, note)
    if who == STACK:
        assert run.lost == run.refused == 0, run.outcomes
        assert first
        assert first - begin < limit + 2.5
        assert rate > 0.7 * 180
        assert log.count("Gave up on 127.0.0.1") == 18
        assert same  # the threads are free again, so no worker had to be replaced
        assert "Traceback" not in log


def answer(port: int, parts: list[bytes], pause: float) -> bytes:
    """Send a request piece by piece, until it is answered, and return the whole answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        for part in parts:
            sock.sendall(part)
            if select.select([sock], [], [], pause)[0]:
                break
        received = b""
        while chunk := sock.recv(4096):
            received += chunk
        return received


def test_an_honest_slow_upload_is_not_cut(serve: Serve) -> None:
    """Three times as long as the limit, but faster than the rate that is asked for."""
    head = b"POST /upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 18000\r\n\r\n"
    parts = [head, *[b"x" * 1500] * 12]
    with serve(FAULTY, ENVIRON) as server:
        assert b'{"bytes":18000}' in answer(server.port, parts, LIMIT / 4)


def test_an_upload_slower_than_the_rate_is_cut(serve: Serve) -> None:
    parts = [b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 18000\r\n\r\n", *[b"x" * 100] * 12]
    with serve(FAULTY, ENVIRON) as server:
        assert answer(server.port, parts, LIMIT / 4).startswith(b"HTTP/1.1 408 ")
        assert f"SLOT_BODY_SECONDS={LIMIT}" in server.log.read_text()


def test_a_head_that_never_ends_gets_408(serve: Serve) -> None:
    with serve("app:app", {"SLOT_HEAD_SECONDS": "1"}) as server:
        assert answer(server.port, [HEAD], 0).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_an_upload_cut_short_is_no_upload(serve: Serve, reset: bool) -> None:
    """The app would take it for complete, or answer 500 with a traceback."""
    with serve(FAULTY) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(POST + b"x" * 100)
            time.sleep(0.3)
            if reset:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                sock.shutdown(socket.SHUT_WR)
                assert sock.recv(100).startswith(b"HTTP/1.1 400 ")
        time.sleep(0.5)
        log = server.log.read_text()
    assert "Gave up on 127.0.0.1 POST /upload" in log
    assert "Traceback" not in log


def test_nothing_comes_behind_a_response_that_has_begun(serve: Serve) -> None:
    """What is to be said of the body comes too late then; the response just ends."""
    with serve(FAULTY) as server, socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        sock.sendall(POST.replace(b"/upload", b"/begun") + b"x" * 100)
        received = sock.recv(4096)
        sock.shutdown(socket.SHUT_WR)
        while chunk := sock.recv(4096):
            received += chunk
        assert "Gave up on 127.0.0.1 POST /begun" in server.log.read_text()
    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.count(b"HTTP/1.1") == 1
    assert received.endswith(b"begun\n\r\n")
