"""Kept connections: they hold no slot, wait for no busy worker, come in their turn, and survive their worker."""

from __future__ import annotations

import random
import re
import resource
import selectors
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from gunicorn_slots.limits import PARKED_LEAST_SECONDS
from tests.bed.cores import cores
from tests.bed.gunicorn import Server, gunicorn
from tests.bed.slots import start_line
from tests.bed.waiting import wait_for

pytestmark = pytest.mark.process

SMALL = {"GUNICORN_WORKERS": "2", "GUNICORN_THREADS": "2"}


def connect(server: Server) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def ask(sock: socket.socket, path: str = "/healthz") -> None:
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


def is_whole(received: bytes) -> bool:
    head, end, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    return bool(end and length and len(body) >= int(length[1]))


def answer(sock: socket.socket) -> bytes:
    """Read one response, which has a length."""
    received = b""
    while not is_whole(received):
        chunk = sock.recv(65536)
        if not chunk:
            raise ConnectionError(f"the response ended early: {received!r}")
        received += chunk
    assert received.startswith(b"HTTP/1.1 200 ")
    return received


def kept(server: Server, stack: ExitStack, number: int) -> list[socket.socket]:
    """Open connections that have had a response each; several at a time, so that all workers have some."""
    socks = [stack.enter_context(connect(server)) for _ in range(number)]
    for sock in socks:
        ask(sock, "/io?ms=20")
    for sock in socks:
        assert b"Connection: keep-alive" in answer(sock)
    return socks


def one_is_gone(server: Server, before: set[int]) -> bool:
    return bool(before - {worker.pid for worker in server.workers()})


def times(socks: Sequence[socket.socket], path: str) -> list[float]:
    """Ask on all of them at the same time, and return how long each answer took."""
    found, begin = [], time.monotonic()
    with selectors.DefaultSelector() as selector:
        for sock in socks:
            selector.register(sock, selectors.EVENT_READ)
            ask(sock, path)
        while selector.get_map():
            for key, _ in selector.select():
                assert isinstance(key.fileobj, socket.socket)
                answer(key.fileobj)
                found.append(time.monotonic() - begin)
                selector.unregister(key.fileobj)
    return sorted(found)


@pytest.mark.parametrize(("value", "line"), [("", "connections kept for 250 s"), ("1", "connections kept for 1 s")])
def test_a_connection_is_kept_for_as_long_as_it_says(value: str, line: str) -> None:
    with gunicorn(environ=SMALL | {"GUNICORN_KEEPALIVE": value}) as server, connect(server) as sock:
        assert f"; {line}" in start_line(server)
        for _ in range(3):
            ask(sock)
            assert b"Connection: keep-alive" in answer(sock)
        begin = time.monotonic()
        if value:
            assert sock.recv(1) == b""
            assert 1 <= time.monotonic() - begin <= 6


def test_none_is_kept_where_nobody_wants_it() -> None:
    with gunicorn(environ=SMALL | {"GUNICORN_KEEPALIVE": "0"}) as server, connect(server) as sock:
        assert "exact slots" in start_line(server)
        assert "connections close after a response: keepalive is 0" in start_line(server)
        ask(sock)
        assert b"Connection: close" in answer(sock)


def test_a_kept_connections_request_waits_for_no_busy_worker() -> None:
    """Of twelve kept connections any four at a time are served at once, whichever workers have them."""
    pick = random.Random(0)
    with gunicorn(environ=SMALL) as server, ExitStack() as stack:
        socks = kept(server, stack, 12)
        for _ in range(6):
            assert times(pick.sample(socks, 4), "/io?ms=300")[-1] < 0.5


@pytest.mark.alone
def test_nobody_is_overtaken() -> None:
    """Eight clients of four slots: each waits for one other request, those that keep their connection and those not."""
    waits: list[float] = []
    with gunicorn(environ=SMALL) as server, ExitStack() as stack, selectors.DefaultSelector() as selector:
        begun: dict[socket.socket, float] = {}

        def begin(sock: socket.socket, closes: bool) -> None:
            ask(sock, "/io?ms=100 HTTP/1.1\r\nConnection: close\r\nX:" if closes else "/io?ms=100")
            begun[sock] = time.monotonic()
            selector.register(sock, selectors.EVENT_READ, closes)

        for one in kept(server, stack, 5):
            begin(one, False)
        for _ in range(3):
            begin(connect(server), True)
        end = time.monotonic() + 4
        while time.monotonic() < end:
            for sock, closes in [(key.fileobj, key.data) for key, _ in selector.select()]:
                assert isinstance(sock, socket.socket)
                answer(sock)
                selector.unregister(sock)
                waits.append(time.monotonic() - begun.pop(sock))
                if closes:
                    sock.close()
                begin(connect(server) if closes else sock, closes)
        for one in begun:
            one.close()
    waits.sort()
    assert len(waits) > 120
    assert waits[int(0.95 * len(waits))] < 0.26
    assert waits[-1] < 0.45


def test_what_is_pipelined_is_answered_in_order() -> None:
    with gunicorn(environ=SMALL) as server, connect(server) as sock:
        for _ in range(3):
            paths = ["/io?ms=40", "/healthz", "/io?ms=1", "/healthz"]
            sock.sendall(b"".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in paths))
            received = b""
            while received.count(b"HTTP/1.1 200") < 4 or not received.endswith(b"ok\n"):
                received += sock.recv(65536)
            assert re.findall(rb'"waited_ms":[0-9.]+|ok\n', received) == [
                b'"waited_ms":40.0', b"ok\n", b'"waited_ms":1.0', b"ok\n",
            ]  # fmt: skip


def test_a_body_that_nobody_reads_is_not_taken_for_the_next_request() -> None:
    """One that is here is thrown away, and for one that isn't the connection closes, as a slot would have to wait."""
    head = b"POST /io?ms=50 HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n"
    with gunicorn(environ=SMALL) as server, connect(server) as sock:
        for _ in range(2):
            sock.sendall(head + b"x" * 9000)
            assert b"Connection: keep-alive" in answer(sock)
        sock.sendall(head + b"x" * 100)
        assert b"Connection: close" in answer(sock)


def test_idle_connections_outlive_their_worker() -> None:
    """HUP, a worker that ends by itself, and one worker fewer: on each connection the next request is answered."""
    with gunicorn(environ=SMALL | {"GUNICORN_MAX_REQUESTS": "40"}) as server, ExitStack() as stack:
        socks = kept(server, stack, 10)
        for sign in (signal.SIGHUP, signal.SIGTTOU, signal.SIGHUP):
            before = {worker.pid for worker in server.workers()}
            server.process.send_signal(sign)
            wait_for(partial(one_is_gone, server, before), what="a worker's end")
            time.sleep(1)
            for sock in socks:
                ask(sock)
                answer(sock)
        for number in range(100):  # max_requests
            ask(socks[number % 10])
            if b"Connection: close" in answer(socks[number % 10]):  # the last one that a worker has taken
                socks[number % 10] = stack.enter_context(connect(server))
            time.sleep(0.005)
        assert server.log.read_text().count("Autorestarting worker") >= 2
        assert "Traceback" not in server.log.read_text()


def test_idle_connections_have_an_end_where_workers_of_another_kind_follow(tmp_path: Path) -> None:
    """Which would not take what is handed over."""
    config = tmp_path / "conf.py"
    config.write_text("worker_class = 'gunicorn_slots.SlotWorker'\nworkers, threads = 2, 2\n")
    with gunicorn(["-c", str(config), "app:app"], bind=True) as server, ExitStack() as stack:
        socks = kept(server, stack, 6)
        before = server.pids()
        config.write_text("worker_class = 'gthread'\nworkers, threads = 2, 2\n")
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: not before & server.pids(), what="the end of those workers")
        for sock in socks:
            assert sock.recv(1) == b""
        config.write_text("worker_class = 'gunicorn_slots.SlotWorker'\nworkers, threads = 2, 2\n")
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: server.log.read_text().count("Booting worker") == 6, what="workers that keep connections")
        time.sleep(1)
        socks, before = kept(server, stack, 6), server.pids()
        server.process.send_signal(signal.SIGHUP)  # and these hand over again
        wait_for(lambda: not before & server.pids(), what="the end of those workers")
        for sock in socks:
            ask(sock)
            answer(sock)


READS = """
def app(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


def test_a_body_that_comes_after_its_head_leaves_no_slot_held_behind_it(tmp_path: Path) -> None:
    """Who is told of it may have read it by then, and would wait in the only slot for a request that never comes."""
    (tmp_path / "reads.py").write_text(READS)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"
    pick = random.Random(0)
    environ = {"GUNICORN_WORKERS": "1", "GUNICORN_THREADS": "1"}
    with gunicorn(["--chdir", str(tmp_path), "reads:app"], environ, pin=cores()[0]) as server, connect(server) as sock:
        for _ in range(500):
            sock.sendall(head)
            time.sleep(pick.uniform(0, 0.0005))
            sock.sendall(b"hello")
            answer(sock)
            begin = time.monotonic()
            with connect(server) as other:
                ask(other)
                answer(other)
            assert time.monotonic() - begin < 1


def test_a_request_that_has_come_when_all_stops_is_answered_and_the_last() -> None:
    with gunicorn(environ=SMALL) as server, ExitStack() as stack:
        socks = kept(server, stack, 8)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)  # they have been told
        for sock in socks:
            ask(sock, "/io?ms=100")
        assert [b"Connection: close" in answer(sock) for sock in socks] == [True] * 8
        assert server.process.wait(10) == 0


def test_the_longest_idle_goes_when_there_are_too_many() -> None:
    """As many are kept as a quarter of a worker's file descriptors."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (400, limit[1]))  # the server inherits it
    with ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, limit)
        server = stack.enter_context(gunicorn(environ={"GUNICORN_WORKERS": "1"}))
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)

        def served() -> socket.socket:
            sock = stack.enter_context(connect(server))
            ask(sock)
            answer(sock)
            return sock

        ours = [served()]
        time.sleep(0.1)  # else another thread may set the next one aside before this one
        ours += [served() for _ in range(99)]
        time.sleep(PARKED_LEAST_SECONDS)
        ours.append(served())
        assert ours[0].recv(1) == b""
        for sock in ours[50:]:
            ask(sock)
            assert b"Connection: keep-alive" in answer(sock)


def test_the_queue_of_a_kept_connection_in_the_header() -> None:
    """Idle time is no wait, and a wait in the queue of what is handed over is one."""
    environ = {"GUNICORN_WORKERS": "2", "GUNICORN_THREADS": "1", "SERVER_TIMING": "true"}
    with gunicorn(environ=environ) as server, ExitStack() as stack:
        socks = kept(server, stack, 4)
        time.sleep(0.5)
        for sock in socks:
            ask(sock, "/io?ms=300")
        waits = sorted(float(re.findall(rb"queue;dur=([0-9.]+)", answer(sock))[0]) for sock in socks)
    assert max(waits[:2]) <= 60
    assert 280 <= waits[2] <= waits[3] <= 400
