"""Clients that are silent, slow to close, or rough: none of them holds a slot, and what they leave is given back."""

from __future__ import annotations

import contextlib
import resource
import socket
import statistics
import threading
import time
from pathlib import Path

import pytest

from tests.bed import clients
from tests.bed.cores import cores
from tests.bed.gunicorn import gunicorn
from tests.bed.locust import WAITING, locust
from tests.bed.waiting import wait_for

pytestmark = pytest.mark.process


def unix_request(path: Path) -> bytes:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(path))
        sock.settimeout(5)
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        return sock.recv(4096)


def test_silent_connections_hold_no_slot() -> None:
    with gunicorn(environ={"GUNICORN_WORKERS": "1"}) as server, clients.silent(server.port, 6):
        begin = time.monotonic()
        assert server.get("/healthz")[0] == 200
        assert time.monotonic() - begin < 0.2


@pytest.mark.parametrize("threads", ["1", "6"])
def test_a_silent_connection_is_served_when_it_speaks(threads: str) -> None:
    environ = {"GUNICORN_WORKERS": "1", "GUNICORN_THREADS": threads}
    with gunicorn(environ=environ) as server, clients.silent(server.port, 1) as (sock,):
        time.sleep(1)
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert sock.recv(4096).startswith(b"HTTP/1.1 200")


def test_silent_connections_are_parked_where_the_kernel_cannot_keep_them(tmp_path: Path) -> None:
    """A Unix socket has no TCP_DEFER_ACCEPT, so the worker gets a silent connection at once."""
    path = tmp_path / "socket"
    environ = {"GUNICORN_WORKERS": "1", "GUNICORN_BIND": f"unix:{path}"}
    with gunicorn(environ=environ, ready="") as server:
        wait_for(path.exists, what="the socket")
        socks = [socket.socket(socket.AF_UNIX) for _ in range(7)]
        for sock in socks:
            sock.connect(str(path))
        time.sleep(0.3)
        begin = time.monotonic()
        assert unix_request(path).startswith(b"HTTP/1.1 200")
        assert time.monotonic() - begin < 0.5
        socks[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert socks[0].recv(4096).startswith(b"HTTP/1.1 200")
        for sock in socks[1:]:
            sock.settimeout(10)
            assert sock.recv(1) == b""  # closed by the worker, after PARKED_SECONDS
            sock.close()
        assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("hold", [0.05, 2.4])
def test_slow_closers_delay_nobody(hold: float) -> None:
    """With gthread and no keep-alive a worker waits for each to close before it accepts again, for up to 2 s.

    12 clients of a route that waits 100 ms share 6 slots, so each waits for about one other request.
    """
    with gunicorn(environ={"GUNICORN_WORKERS": "1"}) as server:
        times = clients.slow_closers(server.port, 12, hold, 2.4, threading.Event())
    assert statistics.median(times) < 0.3


@pytest.mark.parametrize("max_requests", ["0", "1"])
def test_a_response_survives_what_the_client_sends_too_much(max_requests: str) -> None:
    """Unread bytes at a plain close() make the kernel reset the connection, response and all.

    With max_requests the worker ends at the same time, which must not cut the polite end short.
    """
    with gunicorn(environ={"GUNICORN_MAX_REQUESTS": max_requests}) as server:
        for _ in range(8):
            with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
                head = b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n"
                sock.sendall(head)
                for _ in range(20):
                    sock.sendall(b"x" * 2000)
                    time.sleep(0.01)
                received = b""
                while chunk := sock.recv(4096):
                    received += chunk
                assert received.startswith(b"HTTP/1.1 405")


def test_what_rough_clients_leave_is_given_back() -> None:
    """After them a worker has as many sockets and threads as before."""
    with gunicorn(environ={"GUNICORN_WORKERS": "1"}) as server:
        (worker,) = server.workers()
        clients.slow_closers(server.port, 12, 0.0, 0.5, threading.Event())  # all threads have started
        before = worker.num_fds(), worker.num_threads()
        clients.slow_closers(server.port, 12, 0.3, 1.5, threading.Event())
        for _ in range(50):
            with socket.create_connection(("127.0.0.1", server.port)) as sock:
                sock.sendall(b"GET /io HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for(lambda: worker.num_fds() <= before[0], what="closed connections")
        assert worker.num_threads() == before[1]


def test_a_worker_survives_more_slow_closers_than_it_has_file_descriptors() -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, limit[1]))  # the server inherits it
    try:
        with gunicorn(environ={"GUNICORN_WORKERS": "1"}) as server:
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
            (worker,) = server.workers()
            socks = []
            for _ in range(300):
                sock = socket.create_connection(("127.0.0.1", server.port), timeout=5)
                socks.append(sock)
                sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                assert b" 200 " in sock.recv(4096)
            assert server.workers() == [worker]
            for sock in socks:
                sock.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


def test_a_parked_connection_that_speaks_while_it_is_given_up(tmp_path: Path) -> None:
    """Both fall into one batch of events when the worker was stopped meanwhile."""
    path = tmp_path / "socket"
    with gunicorn(environ={"GUNICORN_WORKERS": "1", "GUNICORN_BIND": f"unix:{path}"}, ready="") as server:
        wait_for(path.exists, what="the socket")
        time.sleep(1)
        (worker,) = server.workers()
        with contextlib.ExitStack() as stack:
            socks = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(257)]
            for sock in socks[:256]:
                sock.connect(str(path))
            time.sleep(1)
            worker.suspend()
            socks[256].connect(str(path))
            socks[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            worker.resume()
            time.sleep(1)
            assert unix_request(path).startswith(b"HTTP/1.1 200")
        assert server.workers() == [worker]


def test_no_failure_when_clients_wait_as_long_as_connections_are_kept() -> None:
    """gunicorn's own keep-alive of 2 s loses every seventh of these requests to a closed connection."""
    app, generator = cores()
    with gunicorn(environ={"GUNICORN_WORKERS": "3", "GUNICORN_KEEPALIVE": "2"}, pin=app) as server:
        result = locust(server.url, WAITING, 60, 8, pin=generator)
    assert result.requests > 180
    assert result.failures == 0
