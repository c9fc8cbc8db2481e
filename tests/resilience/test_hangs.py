"""Requests that hang, and clients who never read: what the other slots do meanwhile, and when the slot is back."""

from __future__ import annotations

import contextlib
import http.client
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.bed.clients import unread
from tests.bed.gunicorn import Server, gunicorn
from tests.bed.users import users
from tests.bed.waiting import wait_for
from tests.conftest import CONF
from tests.resilience.conftest import FAULTY, FULL, Record, Serve
from tests.resilience.rows import STACK

pytestmark = pytest.mark.process

LIMIT = 3 if FULL else 2
ENVIRON = {"SLOT_REQUEST_SECONDS": str(LIMIT)}


def is_closed(sock: socket.socket) -> bool:
    sock.setblocking(False)
    try:
        return sock.recv(1) == b""
    except OSError as error:
        return not isinstance(error, BlockingIOError)


@pytest.mark.parametrize(("fault", "number"), [("hang1", 1), ("hang17", 17)], ids=["1", "17"])
def test_hanging_requests(who: str, serve: Serve, record: Record, fault: str, number: int) -> None:
    """The users see the slots that are left, then all of them again; nobody loses a request over it."""
    with serve(FAULTY, ENVIRON) as server, unread(server.port, number, "/hang") as socks:
        before = server.pids()
        hung = time.monotonic()
        with users(server.port) as run:
            time.sleep(LIMIT)
            if who == STACK:
                wait_for(lambda: before - server.pids(), 10, "the end of a worker")
            time.sleep(5 if FULL else 3.5)
            end = time.monotonic()
            closed = sum(is_closed(sock) for sock in socks)
        log = server.log.read_text()
    rates = [round(run.rate(hung, hung + LIMIT - 0.5)), round(run.rate(end - (3 if FULL else 2.5), end))]
    record(fault, who, run.sent, run.lost, f"{rates[0]} answers/s at first, {rates[1]} at the end")
    if who == STACK:
        assert run.lost == run.refused == 0, run.outcomes
        assert rates[0] > 0.7 * 10 * (18 - number)
        assert rates[1] > 0.8 * 180
        found = re.findall(rf"Gave up on 127\.0\.0\.1 GET /hang: hangs for \d+ s \(SLOT_REQUEST_SECONDS={LIMIT}\)", log)
        assert len(found) == number
        assert "Traceback" not in log
        assert closed == number


def test_a_long_response_that_flows_is_no_hang(serve: Serve) -> None:
    with serve(FAULTY, ENVIRON) as server:
        assert server.get("/stream?lines=9", timeout=20)[1] == "".join(f"{line}\n" for line in range(9))
        assert "Gave up" not in server.log.read_text()


def test_no_limit(serve: Serve) -> None:
    """0 is none, and then a request may hang as long as it likes."""
    with serve(FAULTY, {"SLOT_REQUEST_SECONDS": "0"}) as server:
        assert server.get("/io?ms=2500")[0] == 200
        assert "Gave up" not in server.log.read_text()


def test_workers_end_one_after_another(serve: Serve) -> None:
    """Whatever their numbers are; else all that have a thread that hangs would be away at once."""
    for _ in range(4):  # which worker gets how many is chance
        with serve(FAULTY, {"SLOT_REQUEST_SECONDS": "1"}) as server, unread(server.port, 8, "/hang"):
            wait_for(lambda: ends(server)[1:], 20, "the end of two workers")
            (first, _), (second, hanging) = ends(server)[:2]
        if hanging < 6:  # with all of its threads a worker serves nobody, so it does not wait for its turn
            assert (second - first) % 3600 >= 4  # the log has whole seconds
            return
    raise AssertionError("in each try the second one had six requests that hang")


def ends(server: Server) -> list[tuple[int, int]]:
    """At which second of the hour workers have ended because threads of theirs hang, and how many."""
    lines = re.findall(r":(\d\d):(\d\d) [^\n]* Worker \d+ ends, as threads of it hang \((\d+)", server.log.read_text())
    return [(int(minute) * 60 + int(second), int(hanging)) for minute, second, hanging in lines]


def test_what_waits_behind_threads_that_hang_gets_other_ones(tmp_path: Path) -> None:
    """With connections that are parked at once, as in a sandbox without TCP_DEFER_ACCEPT."""
    conf = tmp_path / "parking.py"
    conf.write_text(f"{CONF.read_text()}\nimport gunicorn_slots.sockets\ngunicorn_slots.sockets.SILENT_SECONDS = 0\n")
    size = ["--config", str(conf), "--workers", "1", "--threads", "2", FAULTY]
    with gunicorn(size, ENVIRON) as server, socket.create_connection(("127.0.0.1", server.port)) as silent:
        time.sleep(0.3)
        with unread(server.port, 2, "/hang"):
            silent.sendall(b"GET /io?ms=10 HTTP/1.1\r\nHost: x\r\n\r\n")
            silent.settimeout(LIMIT + 3)
            assert silent.recv(100).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("path", ["/hang", "/hang-in-a-pool"])
def test_a_worker_with_a_request_that_hangs_ends_all_the_same(serve: Serve, path: str) -> None:
    """Python itself waits for such a thread at the exit; a HUP would leave the old worker behind for good."""
    with serve(FAULTY, ENVIRON, "--graceful-timeout", "1") as server, unread(server.port, 1, path):
        before = server.pids()
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: not before & server.pids(), 8, "new workers alone")
        assert f"(SLOT_REQUEST_SECONDS={LIMIT})" in server.log.read_text()


@pytest.mark.parametrize("path", ["/hang", "/hang-in-a-pool"])
def test_a_quick_stop_waits_for_no_thread(serve: Serve, path: str) -> None:
    with serve(FAULTY, None) as server, unread(server.port, 3, path):
        server.process.send_signal(signal.SIGQUIT)
        server.process.wait(3)


def test_a_request_longer_than_the_grace_is_answered_all_the_same(serve: Serve) -> None:
    """Nor does the arbiter take the worker that waits for it to be one that hangs."""
    with serve(FAULTY, None, "--graceful-timeout", "1", "--timeout", "3") as server, ThreadPoolExecutor() as pool:
        before = server.pids()
        answer = pool.submit(server.get, "/io?ms=6000")
        time.sleep(0.3)
        server.process.send_signal(signal.SIGHUP)
        assert answer.result(20)[0] == 200
        wait_for(lambda: not before & server.pids(), 8, "new workers alone")
        assert "Gave up" not in server.log.read_text()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="needs Linux")
def test_a_client_that_has_vanished_is_not_waited_for(serve: Serve) -> None:
    """The kernel tries for a quarter of an hour to reach it, which looks like a response that flows."""
    with serve(FAULTY, ENVIRON) as server:
        assert server.get("/user-timeout")[1] == f"{(LIMIT + 10) * 1000}\n"
        with unread(server.port, 1, "/user-timeout?ms=300&send=50000000"):
            wait_for(lambda: "Gave up" in server.log.read_text(), 10, "the kernel's end of a connection")
        log = server.log.read_text()
    assert "Gave up on 127.0.0.1 GET /user-timeout: Connection timed out" in log
    assert "Traceback" not in log


def test_an_app_that_exits_ends_its_request_and_not_the_worker(serve: Serve) -> None:
    with serve(FAULTY) as server:
        before = server.pids()
        for _ in range(6):
            with contextlib.suppress(ConnectionError, http.client.HTTPException):
                server.get("/exit", timeout=5)
        time.sleep(0.5)
        assert server.pids() == before
        assert server.get("/io?ms=1")[0] == 200
        assert "SystemExit: 3" in server.log.read_text()
