"""What a slot that comes free takes: the request that has waited longest, wherever it waits."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger

from gunicorn_slots.connection import SlotConnection
from gunicorn_slots.handover import Handover
from gunicorn_slots.worker import SlotWorker

MOMENT = 0.06  # longer than what counts as together


class Bench:
    """A worker with one thread, its slot taken, and clients of it; its loop does not run.

    Attributes:
        worker: it.
        clients: by address, their names.
        socks: theirs.
    """

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        cfg = Config()
        app = SimpleNamespace(wsgi=None)
        self.worker: Any = SlotWorker(1, 0, [self.listener], app, 30, cfg, Logger(cfg))
        self.worker.handover = Handover()
        self.worker.poller = selectors.DefaultSelector()
        self.worker.take_slot()
        self.clients: dict[Any, str] = {}
        self.socks: list[socket.socket] = []

    def connect(self, name: str) -> None:
        """Have a client connect and speak; the kernel keeps it."""
        sock = socket.create_connection(self.listener.getsockname())
        sock.sendall(b"GET")
        self.clients[sock.getsockname()] = name
        self.socks.append(sock)

    def kept(self, name: str) -> SlotConnection:
        """Return a kept connection whose client has spoken."""
        self.connect(name)
        time.sleep(0.01)
        conn = self.worker.accepted(self.listener)
        assert isinstance(conn, SlotConnection)
        return conn

    def taken(self) -> list[str]:
        """Take all that waits; return their names in that order."""
        found = []
        while conn := self.worker.next_waiting(look=True):
            found.append(self.clients[conn.client])
            conn.close()
        return found


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    for sock in (made.listener, *made.socks):
        sock.close()
    made.worker.poller.close()
    made.worker.tmp.close()


def test_a_new_connection_before_younger_ones_that_were_handed_over(bench: Bench) -> None:
    handed = bench.kept("handed")
    bench.connect("new")
    time.sleep(MOMENT)
    bench.worker.hand_over(handed, time.monotonic())
    assert bench.taken() == ["new", "handed"]


def test_what_was_handed_over_before_younger_new_connections(bench: Bench) -> None:
    for name in ("first", "second"):
        bench.worker.hand_over(bench.kept(name), time.monotonic())
    time.sleep(MOMENT)
    bench.connect("third")
    bench.connect("fourth")
    time.sleep(0.01)
    taken = bench.taken()
    assert taken[:2] == ["first", "second"]
    assert sorted(taken[2:]) == ["fourth", "third"]


def test_a_workers_own_in_their_turn(bench: Bench) -> None:
    own, ahead, handed = (bench.kept(name) for name in ("own", "ahead", "handed"))
    now = time.monotonic()
    bench.worker.ahead.append((now + 0.01, ahead))
    bench.worker.pending.append((now + 0.02, own))
    bench.worker.hand_over(handed, now)
    assert bench.taken() == ["handed", "ahead", "own"]


def test_what_is_pending_goes_to_a_free_worker_or_after_a_while(bench: Bench) -> None:
    worker, now = bench.worker, time.monotonic()
    for number in range(3):
        worker.pending.append((now + number / 1e3, bench.kept(f"kept{number}")))
    worker.pass_on(now)  # too early
    worker.pass_on(now + 0.008)  # nobody has a free slot
    assert len(worker.pending) == 3
    worker.handover.say(7, 1)
    worker.pass_on(now + 0.008)
    assert len(worker.pending) == 2
    worker.handover.say(7, 0)
    worker.pass_on(now + 0.03)
    assert bench.taken() == ["kept0", "kept1", "kept2"]


def test_one_that_comes_while_a_slot_is_free_is_served_here(bench: Bench) -> None:
    served: list[SlotConnection] = []
    bench.worker.enqueue_req = served.append
    conn = bench.kept("kept")
    bench.worker.came(conn)
    assert ([one for _, one in bench.worker.pending], served) == ([conn], [])
    bench.worker.free.append(None)
    other = bench.kept("other")
    bench.worker.came(other)
    assert served == [other]
