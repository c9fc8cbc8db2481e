"""TLS in gunicorn itself: a client that is slow to shake hands keeps nobody waiting."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.bed.gunicorn import Server, gunicorn
from tests.bed.keys import certificate
from tests.bed.talk import connected
from tests.bed.waiting import wait_for

pytestmark = pytest.mark.process

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
LIMIT = 1


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    cert, key = certificate(tmp_path_factory.mktemp("tls"))
    environ = {
        "GUNICORN_CERTFILE": str(cert),
        "GUNICORN_KEYFILE": str(key),
        "SLOT_HEAD_SECONDS": str(LIMIT),
        "SLOT_BODY_SECONDS": str(LIMIT),
    }
    with gunicorn(["--workers", "3", "--threads", "6"], environ, ready="") as started:
        wait_for(lambda: status(started) == 200, what="TLS")
        yield started


def status(server: Server, request: bytes = GET) -> int:
    """Make an honest request, and return its answer's status."""
    talk = connected(("127.0.0.1", server.port), tls=True)
    with talk.sock:
        talk.send(request)
        return int(talk.answer().head.split()[1])


def hello() -> bytes:
    """The first message of a client."""
    context, out = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.MemoryBIO()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out).do_handshake()
    return out.read()


def part_of_a_handshake(server: Server) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    sock.sendall(hello()[:4])
    return sock


def all_of_what_comes_first(server: Server) -> socket.socket:
    """The server has answered, and waits for the client's last word."""
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    sock.sendall(hello())
    assert sock.recv(5)
    return sock


def nothing_behind_a_handshake(server: Server) -> socket.socket:
    return connected(("127.0.0.1", server.port), tls=True).sock


@pytest.mark.parametrize(
    "begun", [part_of_a_handshake, all_of_what_comes_first, nothing_behind_a_handshake], ids=lambda one: one.__name__
)
def test_a_handshake_holds_no_slot(server: Server, begun: Callable[[Server], socket.socket]) -> None:
    """With one such client for each slot others are served at once, and after the limit they are gone."""
    lines = server.log.read_text().count(f"(SLOT_HEAD_SECONDS={LIMIT})")
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(begun(server)) for _ in range(18)]
        begin = time.monotonic()
        with ThreadPoolExecutor(18) as clients:
            assert list(clients.map(lambda _: status(server), range(36))) == [200] * 36
        assert time.monotonic() - begin < LIMIT
        for sock in socks:
            with contextlib.suppress(ConnectionError):
                while sock.recv(4096):
                    pass
        assert LIMIT - 0.5 < time.monotonic() - begin < LIMIT + 2.5
    assert server.log.read_text().count(f"(SLOT_HEAD_SECONDS={LIMIT})") > lines


def test_a_handshake_byte_by_byte(server: Server) -> None:
    """Each byte is a sign of life, and the limit is one for all of them."""
    begin, data = time.monotonic(), hello()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock, contextlib.suppress(OSError):
        for place in range(len(data)):
            sock.sendall(data[place : place + 1])
            time.sleep(0.05)
            assert time.monotonic() - begin < LIMIT + 3
    assert status(server) == 200


@pytest.mark.parametrize(
    ("part", "answer"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Half: ", b"HTTP/1.1 408 "),
        (b"POST /io?ms=1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"HTTP/1.1 "),
        (b"G\x00T / HTTP/1.1\r\n\r\n", b"HTTP/1.1 400 "),
    ],
    ids=["half a head", "a malformed chunk", "no method"],
)
def test_what_is_wrong_with_a_request_is_said_through_tls(server: Server, part: bytes, answer: bytes) -> None:
    with connected(("127.0.0.1", server.port), tls=True).sock as sock:
        sock.sendall(part)
        assert sock.recv(4096).startswith(answer)


@pytest.mark.parametrize("data", [GET, b"\x16\x03\x01\xff\xff" + bytes(300), b"\x80\x00", bytes(10_000)])
def test_no_tls_at_all(server: Server, data: bytes) -> None:
    """It is closed, with one line, and the worker serves on."""
    before = server.workers()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock, contextlib.suppress(OSError):
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(4096):
            pass
    assert status(server) == 200
    assert server.workers() == before
    assert "Traceback" not in server.log.read_text()


def test_exactly_the_slots(server: Server) -> None:
    """36 at once take two turns of half a second, or three: whose keys are with a worker waits for that one."""
    request = GET.replace(b"/healthz", b"/io?ms=500")
    begin, barrier = time.monotonic(), threading.Barrier(18)

    def one(_: int) -> int:
        barrier.wait()
        return status(server, request)

    with ThreadPoolExecutor(18) as clients:
        assert list(clients.map(one, range(18))) == [200] * 18
    assert time.monotonic() - begin < 1.8
