"""The queue in the header, against the client's own clock: for each worker class that hands over its socket."""

from __future__ import annotations

import re
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gunicorn_slots import arrival
from tests.bed.foreign import copy
from tests.bed.gunicorn import Server, gunicorn
from tests.bed.waiting import wait_for

TICK_MS = 4  # the longest tick of Linux' clock but for HZ=100
APP_MS = 200


def parts(header: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"(queue|app|cpu);dur=([0-9.]+)", header)}


@contextmanager
def serving(kind: str, threads: int) -> Iterator[Server]:
    environ = {"GUNICORN_WORKER_CLASS": kind, "GUNICORN_THREADS": str(threads), "GUNICORN_WORKERS": "1"}
    with gunicorn([], environ | {"SERVER_TIMING": "true", "GUNICORN_GRACEFUL_TIMEOUT": "2"}) as server:
        server.get("/healthz")
        yield server


@pytest.mark.alone
@pytest.mark.parametrize("each", [1, 4])
@pytest.mark.parametrize(
    ("kind", "threads"),
    [("sync", 1), ("gthread", 2), ("gunicorn_slots.SlotWorker", 1), ("gunicorn_slots.SlotWorker", 2)],
)
def test_queue_and_app_are_the_clients_time(kind: str, threads: int, each: int) -> None:
    """On one machine the wire takes next to nothing, so the two add up to what a client sees."""

    def one(_: int) -> tuple[float, dict[str, float]]:
        begin = time.monotonic()
        header = server.get(f"/io?ms={APP_MS}", timeout=20)[2]
        return (time.monotonic() - begin) * 1e3, parts(header)

    with serving(kind, threads) as server, ThreadPoolExecutor(each * threads) as clients:
        seen = list(clients.map(one, range(each * threads)))
    for total, said in seen:
        assert said["queue"] + said["app"] <= total + TICK_MS
    # A busy machine adds to what the client sees, never to all of them.
    assert min(total - said["queue"] - said["app"] for total, said in seen) <= max(5 + TICK_MS, 0.02 * APP_MS * each)
    assert max(said["queue"] for _, said in seen) >= APP_MS * (each - 1) - TICK_MS


def raw(server: Server, *pieces: bytes, pause: float = 0.0) -> list[dict[str, float]]:
    """Send pieces on one connection, and return what each response's header says."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        for number, piece in enumerate(pieces):
            time.sleep(pause if number else 0)
            sock.sendall(piece)
        received = b""
        while chunk := sock.recv(65536):
            received += chunk
    return [parts(header.decode()) for header in re.findall(rb"Server-Timing: ([^\r]+)", received)]


@pytest.mark.alone
@pytest.mark.parametrize("kind", ["gunicorn_slots.SlotWorker", "sync"])
def test_the_first_request_of_a_worker_waits_for_no_measurement(kind: str) -> None:
    environ = {"GUNICORN_WORKER_CLASS": kind, "GUNICORN_WORKERS": "1", "SERVER_TIMING": "true"}
    with gunicorn(["--threads", "1"], environ, ready="") as server:
        wait_for(lambda: "Booting worker" in server.log.read_text(), what="a worker")
        time.sleep(1)
        assert parts(server.get("/healthz")[2])["queue"] <= 16


@pytest.mark.process
def test_a_slow_head_or_body_is_no_queue() -> None:
    """What counts is the last byte; a body that comes while the app reads it makes it too small, never too large."""
    with serving("gunicorn_slots.SlotWorker", 1) as server:
        head = raw(server, b"GET /io?ms=1 HTTP/1.1\r\n", b"Host: x\r\nConnection: close\r\n\r\n", pause=0.5)
        length = b"POST /io?ms=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\n"
        body = raw(server, length, b"body", pause=0.5)
        chunked = b"POST /io?ms=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunks = raw(server, chunked, b"4\r\nbody\r\n0\r\n\r\n", pause=0.5)
    assert [said["queue"] <= 50 for (said,) in (head, body, chunks)] == [True] * 3


@pytest.mark.process
def test_a_kept_connections_wait_counts_from_its_own_request() -> None:
    """On gunicorn's own worker: idle time before is no wait, and what is pipelined has waited for the one before."""
    request = b"GET /io?ms=200 HTTP/1.1\r\nHost: x\r\n\r\n"
    last = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with serving("gthread", 1 + 1) as server:
        _, later = raw(server, request, last, pause=0.6)
        _, pipelined = raw(server, request + last)
    assert later["queue"] <= 50
    assert 200 - TICK_MS <= pipelined["queue"] <= 300


@pytest.mark.process
def test_the_app_finds_it_in_its_environ(tmp_path: Path) -> None:
    copy(tmp_path, "gunicorn_slots")
    (tmp_path / "shop.py").write_text(
        "import time\n"
        "def app(environ, start_response):\n"
        "    time.sleep(0.2)\n"
        "    text = repr(environ.get('gunicorn_slots.queue_ms')).encode()\n"
        "    start_response('200 OK', [('Content-Length', str(len(text)))])\n"
        "    return [text]\n"
    )
    for timing in ("true", "false"):
        environ = {"SERVER_TIMING": timing}
        args = ["-k", "gunicorn_slots.SlotWorker", "shop:app"]
        with gunicorn(args, environ, bare=True, cwd=tmp_path) as server, ThreadPoolExecutor(2) as clients:
            waits = sorted(float(body) for _, body, _ in clients.map(server.get, ["/", "/"]))
        assert waits[0] <= 100
        assert 190 <= waits[1] <= 400


@pytest.mark.process
def test_unknown_on_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    environ = {"GUNICORN_BIND": f"unix:{path}", "SERVER_TIMING": "true"}
    with gunicorn(environ=environ, ready=""):
        wait_for(path.exists, what="the socket")
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(path))
            sock.settimeout(5)
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"Server-Timing: app;dur=" in sock.recv(4096)


class Sandbox:
    """A socket of a kernel that has the call, and counts nothing; or has less of it."""

    def __init__(self, info: bytes) -> None:
        self.info = info

    def getsockopt(self, *_: int) -> bytes:
        return self.info


@pytest.mark.parametrize(
    ("info", "known"), [(bytes(56), (0, 0)), (b"", None), (bytes(48), None), (struct.pack("44xI4xI", 3, 4), (3, 4))]
)
def test_what_the_kernel_says(info: bytes, known: tuple[int, int] | None) -> None:
    assert arrival.last_data_ms(Sandbox(info)) == known


def test_a_kernel_that_says_0_for_everything_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    assert arrival.is_counted()
    monkeypatch.setattr(arrival, "last_data_ms", lambda _: (0, 0))
    assert not arrival.is_counted.__wrapped__()


def test_on_http_2_it_is_not_known() -> None:
    environ: dict[str, Any] = {"gunicorn.socket": SimpleNamespace(getsockopt=lambda *_: bytes(56))}
    assert arrival.queue_ms(environ) == 0
    assert arrival.queue_ms(environ | {"gunicorn.http2.send_trailers": print}) is None
