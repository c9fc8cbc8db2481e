"""What `queue` says of each way in which a request can come, by the client's clock and the app's, which is the same.

docs/how-it-measures.md has the same rows. `queue` is the time from the last data that had come when the app got the
request. Where that is the request's last byte, it is right.
"""

from __future__ import annotations

import contextlib
import re
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.bed import ROOT, free_port
from tests.bed.foreign import copy
from tests.bed.gunicorn import gunicorn
from tests.bed.keys import certificate
from tests.bed.nginx import NGINX, nginx, passed_to
from tests.bed.talk import Answer, Sent, Talk, connected
from tests.bed.waiting import wait_for

TICK = 0.004  # the longest tick of Linux' clock but for HZ=100
TAKES = 0.05  # in the app
PAUSE = 0.03
PAGE = ROOT / "docs" / "how-it-measures.md"

APP = f"""
import time

def app(environ, start_response):
    began = time.monotonic()
    environ["wsgi.input"].read()
    time.sleep({TAKES})
    text = repr(began).encode()
    start_response("200 OK", [("Content-Length", str(len(text)))])
    return [text]
"""

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
POST = LAST.replace(b"GET", b"POST")


def post(line: bytes) -> bytes:
    return POST.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n")


def whole(talk: Talk) -> None:
    talk.send(LAST)


def half_closed(talk: Talk) -> None:
    talk.send(LAST)
    talk.sock.shutdown(socket.SHUT_WR)


def slow_head(talk: Talk) -> None:
    talk.send(LAST[:20], 0)
    time.sleep(PAUSE)
    talk.send(LAST[20:])


def body(talk: Talk) -> None:
    talk.send(post(b"Content-Length: 4") + b"body")


def chunked(talk: Talk) -> None:
    talk.send(post(b"Transfer-Encoding: chunked") + b"4\r\nbody\r\n0\r\n\r\n")


def slow_body(talk: Talk) -> None:
    talk.send(post(b"Content-Length: 4"), 0)
    time.sleep(PAUSE)
    talk.send(b"body")


def large_body(talk: Talk) -> None:
    talk.send(post(b"Content-Length: 20000000") + bytes(20_000_000))


def expecting(talk: Talk) -> None:
    talk.send(post(b"Content-Length: 4\r\nExpect: 100-continue"), 0)
    assert talk.answer().head.startswith("HTTP/1.1 100 ")
    time.sleep(PAUSE)  # at once it may come before the app gets the request
    talk.send(b"body")


def kept(talk: Talk) -> None:
    talk.send(GET)
    talk.answer()
    talk.last.clear()
    time.sleep(PAUSE)
    talk.send(LAST)


def pipelined(talk: Talk) -> None:
    talk.send(GET + LAST, 2)


def pipelined_later(talk: Talk) -> None:
    talk.send(GET + GET, 2)
    time.sleep(PAUSE)
    talk.send(LAST)


def crlf_behind(talk: Talk) -> None:
    talk.send(LAST)
    time.sleep(PAUSE)
    with contextlib.suppress(OSError):
        talk.send(b"\r\n", 0)


class Way(NamedTuple):
    """A row of the table.

    Attributes:
        said: `right`; `from what had come`: the app gets the request before its last byte; `too little`; `nothing`.
        talks: sends the requests, and leaves the answers.
        on: which of the server's addresses.
        keeps: whether it needs a worker that keeps connections.
    """

    said: str
    talks: Callable[[Talk], None]
    on: str = "tcp"
    keeps: bool = False


WAYS = {
    "head in one piece": Way("right", whole),
    "half-closed behind the head": Way("right", half_closed),
    "slow head": Way("right", slow_head),
    "body with the head": Way("right", body),
    "chunked body with the head": Way("right", chunked),
    "slow body": Way("from what had come", slow_body),
    "body larger than the socket buffers": Way("from what had come", large_body),
    "`Expect: 100-continue`": Way("from what had come", expecting),
    "another byte behind the request": Way("too little", crlf_behind),
    "kept connection": Way("right", kept, keeps=True),
    "pipelined": Way("right", pipelined, keeps=True),
    "pipelined, another request behind it": Way("too little", pipelined_later, keeps=True),
    "IPv6": Way("right", whole, "ipv6"),
    "TLS in gunicorn": Way("right", whole, "tls"),
    "TLS in gunicorn, slow body": Way("from what had come", slow_body, "tls"),
    "behind nginx": Way("right", whole, "nginx"),
    "behind nginx, slow body": Way("right", slow_body, "nginx"),
    "Unix socket": Way("nothing", whole, "unix"),
}


class Seen(NamedTuple):
    """One answer, in s: what its header says, and what was.

    Attributes:
        queue: as the header says; None without one.
        app: as the header says.
        own, came: from the request's own last byte, and from the last that had come, until the app began; a piece
            arrives at a moment between two.
        total: from the last byte that had come until the answer's first one.
    """

    queue: float | None
    app: float
    own: Sent
    came: Sent
    total: Sent


def seen(talk: Talk, own: Sent, answer: Answer) -> Seen:
    began = float(answer.body)
    said = {name: float(ms) / 1e3 for name, ms in re.findall(r"(queue|app);dur=([0-9.]+)", answer.head)}
    came = [piece for piece in talk.sent if piece.before <= began][-1]
    return Seen(
        said.get("queue"),
        said["app"],
        Sent(began - own.after, began - own.before),
        Sent(began - came.after, began - came.before),
        Sent(answer.began - came.after, answer.began - came.before),
    )


def conversation(way: Way, address: str | tuple[str, int]) -> list[Seen]:
    """Have one client talk, and return what it saw."""
    talk = connected(address, way.on == "tls")
    with talk.sock:
        way.talks(talk)
        answers = [(own, talk.answer()) for own in talk.last]
        return [seen(talk, own, answer) for own, answer in answers]


@contextlib.contextmanager
def serving(folder: Path, kind: str, threads: int) -> Iterator[dict[str, str | tuple[str, int]]]:
    """Run two servers with one worker, the second with TLS, and nginx; return where each way in is."""
    copy(folder, "gunicorn_slots")
    (folder / "shop.py").write_text(APP, encoding="utf-8")
    (folder / "conf.py").write_text(
        "from gunicorn_slots.server_timing import install as post_worker_init\n"
        "control_socket_disable = True\ngraceful_timeout = 2\n"
    )
    cert, key = certificate(folder)
    six, unix = free_port(), folder / "unix"
    args = ["-k", kind, "--threads", str(threads), "--config", "conf.py", "shop:app"]
    more = ["--bind", f"[::1]:{six}", "--bind", f"unix:{unix}"]
    environ = {"SERVER_TIMING": "true"}
    with (
        gunicorn([*more, *args], environ, cwd=folder, bind=True, ready="/") as server,
        gunicorn(
            ["--certfile", str(cert), "--keyfile", str(key), *args], environ, cwd=folder, bind=True, ready=""
        ) as secure,
        nginx(passed_to(server.port)) if NGINX else contextlib.nullcontext(0) as front,
    ):
        wait_for(lambda: conversation(Way("", whole, "tls"), ("127.0.0.1", secure.port)), what="TLS")
        yield {
            "tcp": ("127.0.0.1", server.port),
            "ipv6": ("::1", six),
            "unix": str(unix),
            "tls": ("127.0.0.1", secure.port),
            "nginx": ("127.0.0.1", front),
        }


def check(way: Way, each: int, found: list[Seen]) -> None:
    """Hold what was said of a way against what was, with so many clients a slot."""
    if way.said == "nothing":
        assert [one.queue for one in found] == [None] * len(found)
        return
    queues = [one.queue or 0.0 for one in found]
    assert None not in [one.queue for one in found]
    # Never too much, and with the rest never more than the client saw.
    for one, queue in zip(found, queues, strict=True):
        assert queue <= one.came.after + TICK
        assert queue + one.app <= one.total.after + 2 * TICK
    # A busy machine adds to what a client sees, now and then.
    within = statistics.median(one.came.before - queue for one, queue in zip(found, queues, strict=True))
    assert within <= TICK + 0.02 * max(queues)
    wire = statistics.median(one.total.before - queue - one.app for one, queue in zip(found, queues, strict=True))
    assert wire <= TICK + max(0.005, 0.02 * max(one.total.after for one in found))
    early = sum(one.own.before < -PAUSE / 2 for one in found)
    little = sum(queue < one.own.before - PAUSE / 2 for one, queue in zip(found, queues, strict=True))
    assert (early > 0) == (way.said == "from what had come")
    if each > 1:  # else nobody waits
        assert (little > 0) == (way.said == "too little")


@pytest.mark.alone
@pytest.mark.parametrize(("kind", "threads"), [("sync", 1), ("gthread", 2), ("gunicorn_slots.SlotWorker", 2)])
def test_each_way(tmp_path: Path, kind: str, threads: int) -> None:
    """With 1, 2 and 4 clients a slot."""
    with serving(tmp_path, kind, threads) as addresses, ThreadPoolExecutor(4 * threads) as clients:
        for name, way in WAYS.items():
            if (way.keeps and kind != "gthread") or (way.on == "nginx" and not NGINX):
                continue
            for each in (1, 2, 4):
                both = clients.map(lambda _: conversation(way, addresses[way.on]), range(each * threads))  # noqa: B023
                found = [one for some in both for one in some]
                print(kind, each, name, *found, sep="\n  ")
                check(way, each, found)
    if not NGINX:
        pytest.skip("nginx is not on PATH: the rows behind it were left out, the others hold")


def test_the_page_has_these_rows() -> None:
    table = PAGE.read_text().partition("\n## The laws")[0]
    rows = re.findall(r"^\| (.+?) \| (right|from what had come|too little|nothing)\b", table, re.MULTILINE)
    assert rows == [(name, way.said) for name, way in WAYS.items()]
