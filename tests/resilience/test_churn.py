"""Connections that come and go, kept and not, politely and not: what a worker has of the system stays flat."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from functools import partial

import pytest

from tests.bed.gunicorn import Server
from tests.bed.waiting import wait_for
from tests.resilience.conftest import FULL, Record, Serve
from tests.resilience.rows import BARE, STACK

pytestmark = pytest.mark.process

SECONDS = 150 if FULL else 4
MORE_MB = 6  # what allocators of C libraries keep of a peak


class Churn:
    """Clients of a port, each of which connects again and again.

    Attributes:
        sent, lost: requests that were made, and those of them that were not answered with 200.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.sent, self.lost, self.counting = 0, 0, threading.Lock()

    def run(self, clients: int, seconds: float) -> None:
        end = time.monotonic() + seconds
        threads = [threading.Thread(target=self.client, args=(seed, end)) for seed in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def client(self, seed: int, end: float) -> None:
        generator = random.Random(seed)
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=10) as sock:
                for _ in range(generator.randrange(6)):
                    self.ask(sock, generator.random() < 0.2)
                    time.sleep(generator.choice([0, 0, 0.01, 0.1]))
                if generator.random() < 0.3:  # and away before the answer, or in the middle of a head
                    sock.sendall(generator.choice([b"GET /io?ms=5 HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /io HT"]))

    def ask(self, sock: socket.socket, closes: bool) -> None:
        more = "Connection: close\r\n" if closes else ""
        sock.sendall(f"GET /io?ms=2 HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode())
        received = b""
        while not received.endswith(b"}\n") and (chunk := sock.recv(4096)):
            received += chunk
        answered = received.startswith(b"HTTP/1.1 200 ")
        with self.counting:
            self.sent, self.lost = self.sent + 1, self.lost + (not answered)
        if closes or not answered:
            raise ConnectionError


def used(server: Server) -> tuple[int, int]:
    """The file descriptors and threads of all workers."""
    return sum(one.num_fds() for one in server.workers()), sum(one.num_threads() for one in server.workers())


def memory(server: Server) -> float:
    """The resident MB of the worker that has most."""
    return max(one.memory_info().rss for one in server.workers()) / 2**20


def is_back(server: Server, before: tuple[int, int]) -> bool:
    now = used(server)
    return now[0] <= before[0] and now[1] <= before[1]


def test_connections_that_come_and_go(who: str, serve: Serve, record: Record) -> None:
    with serve() as server:
        churn, idle = Churn(server.port), used(server)[0]
        churn.run(36, 2)  # all threads have started, and memory has its usual size
        before = memory(server)
        pids, threads = server.pids(), used(server)[1]
        churn.run(36, SECONDS)
        if who == STACK:
            wait_for(partial(is_back, server, (idle, threads)), 10, "descriptors and threads as before")
        more = memory(server) - before
        note = f"{used(server)[0] - idle:+} descriptors, {more:+.1f} MB"
        record("churn", who, churn.sent, churn.lost, note)
        assert who == BARE or (churn.lost, server.pids()) == (0, pids)
        assert who == BARE or more < MORE_MB
        assert "Traceback" not in server.log.read_text()
