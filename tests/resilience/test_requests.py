"""Requests that no honest client sends: beyond the limits, ambiguous, or random bytes."""

from __future__ import annotations

import contextlib
import random
import re
import socket
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from tests.resilience.conftest import FAULTY, Record, Serve
from tests.resilience.rows import STACK

pytestmark = pytest.mark.process

INPUTS = 10_000
SECOND = b"GET /second HTTP/1.1\r\nHost: x\r\n\r\n"


def answer(port: int, data: bytes) -> bytes:
    """Send bytes and the end of the stream; return all that comes back until the server closes."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock, contextlib.suppress(ConnectionError):
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        while chunk := sock.recv(65536):
            received += chunk
    return received


def statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"^HTTP/1\.1 (\d{3}) ", received, re.MULTILINE)]


def request(*lines: bytes, start: bytes = b"POST /upload HTTP/1.1", body: bytes = b"") -> bytes:
    return b"\r\n".join([start, b"Host: x", *lines, b"", body])


CHUNKED = b"Transfer-Encoding: chunked"
BAD = {
    "a long line": (request(start=b"GET /" + b"x" * 9000 + b" HTTP/1.1"), 414),
    "a long header": (request(b"X: " + b"x" * 9000), 431),
    "many headers": (request(*[b"X: y"] * 101), 431),
    "endless headers": (request(b"X: " + b"x" * 2_000_000), 431),
    "two hosts": (request(b"Host: y"), 400),
    "two lengths": (request(b"Content-Length: 0", b"Content-Length: 30", body=SECOND), 400),
    "the same length twice": (request(b"Content-Length: 0", b"Content-Length: 0"), 400),
    "a list of lengths": (request(b"Content-Length: 0, 0"), 400),
    "a signed length": (request(b"Content-Length: +0"), 400),
    "a negative length": (request(b"Content-Length: -1"), 400),
    "a hexadecimal length": (request(b"Content-Length: 0x0"), 400),
    "a length with an underscore": (request(b"Content-Length: 1_0"), 400),
    "a length of 5000 digits": (request(b"Content-Length: " + b"9" * 5000), 400),
    "chunked and a length": (request(CHUNKED, b"Content-Length: 5", body=b"0\r\n\r\n"), 400),
    "a length and chunked": (request(b"Content-Length: 5", CHUNKED, body=b"0\r\n\r\n"), 400),
    "chunked twice": (request(CHUNKED, CHUNKED, body=b"0\r\n\r\n"), 400),
    "chunked, then identity": (request(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"), 400),
    "identity alone": (request(b"Transfer-Encoding: identity"), 400),
    "chunked in HTTP/1.0": (request(CHUNKED, start=b"POST /upload HTTP/1.0", body=b"0\r\n\r\n"), 400),
    "chunked behind a vertical tab": (request(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"), 400),
    "a space before the colon": (request(b"Content-Length : 0"), 400),
    "a header without a name": (request(b": x"), 400),
    "a header without a colon": (request(b"x"), 400),
    "a folded header": (request(b"X: y", b" Content-Length: 0"), 400),
    "NUL in a header": (request(b"X: \x00"), 400),
    "a bare CR in a header": (request(b"X: y\rContent-Length: 0"), 400),
    "a bare LF after a header": (b"GET /healthz HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", 400),
    "bare LFs": (b"GET /healthz HTTP/1.1\nHost: x\n\n", 400),
    "a lower-case method": (request(start=b"get / HTTP/1.1"), 400),
    "HTTP/2.0": (request(start=b"GET / HTTP/2.0"), 400),
    "HTTP/1.10": (request(start=b"GET / HTTP/1.10"), 400),
    "no version": (request(start=b"GET /"), 400),
    "a control character in the path": (request(start=b"GET /\x07 HTTP/1.1"), 400),
    "an unknown expectation": (request(b"Expect: x"), 417),
    "an unknown transfer coding": (request(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), 400),
    # The body is read by the app, which has sent nothing yet.
    "a chunk size with 0x": (request(CHUNKED, body=b"0x1\r\nx\r\n0\r\n\r\n"), 400),
    "a signed chunk size": (request(CHUNKED, body=b"+1\r\nx\r\n0\r\n\r\n"), 400),
    "a chunk longer than its size": (request(CHUNKED, body=b"1\r\nxyz\r\n0\r\n\r\n"), 400),
    "a chunk extension with a bare LF": (request(CHUNKED, body=b"1;x\ny\r\nx\r\n0\r\n\r\n"), 400),
    "a chunk size without end": (request(CHUNKED, body=b"1" * 20_000), 400),
    "a length in a trailer": (request(CHUNKED, body=b"0\r\nContent-Length: 5\r\n\r\n"), 400),
    "chunks that stop": (request(CHUNKED, body=b"5\r\nx"), 400),
}


class Attacked(NamedTuple):
    """What a server did with requests that no honest client sends.

    Attributes:
        found: the statuses of its answers, by input.
        log: what it wrote.
        same: whether it still has the workers that it had.
        alive: the status of an honest request afterwards.
    """

    found: dict[Any, list[int]]
    log: str
    same: bool
    alive: int

    @property
    def text(self) -> str:
        failed = sum(status >= 500 for each in self.found.values() for status in each)
        return f"{failed} × 5xx, {self.log.count('Traceback')} tracebacks"

    def check(self) -> None:
        assert self.same
        assert self.alive == 200
        assert "Traceback" not in self.log


def attacked(serve: Serve, inputs: Iterable[tuple[Any, bytes]]) -> Attacked:
    """Send each input on a connection of its own."""
    with serve(FAULTY) as server:
        before = server.workers()
        with ThreadPoolExecutor(18) as pool:
            found = dict(pool.map(lambda item: (item[0], statuses(answer(server.port, item[1]))), inputs))
        return Attacked(found, server.log.read_text(), server.workers() == before, server.get("/healthz")[0])


def test_bad_requests(who: str, serve: Serve, record: Record) -> None:
    """What follows on the connection is never taken for a second request."""
    done = attacked(serve, [(name, data + SECOND) for name, (data, _) in BAD.items()])
    second = sum(len(each) > 1 for each in done.found.values())
    record("bad", who, len(BAD), 0 if done.same else len(BAD), f"{done.text}, {second} × a second answer")
    if who == STACK:
        assert done.found == {name: [status] for name, (_, status) in BAD.items()}
        done.check()


SEEDS = (
    b"GET /healthz?a=1 HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n",
    b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
    b"POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\nGET http://x/healthz HTTP/1.0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
)
SPICES: tuple[bytes, ...] = (
    *(b"\r", b"\n", b"\r\n", b"\x00", b" ", b"\t", b":", b",", b";", b"%", b"-1", b"\xff", b"9" * 20, b"x" * 9000),
    *(b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"\r\n\r\n", b"GET / HTTP/1.1\r\n"),
)


def fuzzed(seed: int) -> bytes:
    """Return random bytes, or a request with up to six changes."""
    chance = random.Random(seed)
    if chance.random() < 0.1:
        return chance.randbytes(chance.randrange(400))
    data = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randint(1, 6)):
        place, length = chance.randrange(len(data) + 1), chance.randint(0, 8)
        change = chance.randrange(5)
        if change == 0:
            data[place : place + length] = chance.randbytes(length)
        elif change == 1:
            data[place:place] = chance.choice(SPICES)
        elif change == 2:
            del data[place : place + length]
        elif change == 3:
            data += data[place:]
        else:
            del data[place:]
    return bytes(data)


def test_fuzzed_requests(who: str, serve: Serve, record: Record) -> None:
    done = attacked(serve, ((seed, fuzzed(seed)) for seed in range(INPUTS)))
    record("fuzz", who, INPUTS, 0 if done.same else INPUTS, done.text)
    by_status = Counter(status for each in done.found.values() for status in each)
    assert by_status[400] > INPUTS / 4
    assert by_status[200] > INPUTS / 50
    if who == STACK:
        assert done.log.count("[WARNING]") <= 100  # of a line for each that would be some thousands
        assert not [seed for seed, each in done.found.items() if any(status >= 500 for status in each)]
        done.check()
