"""The queue of connections that are handed over, between two processes' worth of ends."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator

import pytest

from gunicorn_slots.handover import NEVER, Handover

SERVER = ("127.0.0.1", 8000)


@pytest.fixture
def queue() -> Iterator[Handover]:
    made = Handover()
    yield made
    made.inlet.close()
    made.outlet.close()


def test_what_was_handed_over_first_comes_first_and_still_speaks(queue: Handover) -> None:
    assert queue.oldest() == NEVER
    assert queue.take() is None
    clients = []
    for number in range(3):
        client, served = socket.socketpair()
        clients.append(client)
        assert queue.put(served, float(number), number == 2, ("10.0.0.1", number), SERVER)
        assert served.fileno() == -1  # closed here
    for number, client in enumerate(clients):
        assert queue.oldest() == number
        taken = queue.take()
        assert taken
        assert (taken.idle, taken.client, taken.server) == (number == 2, ("10.0.0.1", number), SERVER)
        assert not os.get_inheritable(taken.descriptor)  # what an app starts would keep it open
        with socket.socket(taken.family, socket.SOCK_STREAM, 0, taken.descriptor) as sock:
            sock.sendall(b"hello")
            assert client.recv(9) == b"hello"
        assert client.recv(1) == b""
        client.close()
    assert queue.oldest() == NEVER


def test_a_full_queue_leaves_the_connection_where_it_is(queue: Handover) -> None:
    queue.inlet.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    clients = []
    while True:
        client, served = socket.socketpair()
        clients.append(client)
        if not queue.put(served, time.monotonic(), False, "", ""):
            break
        assert len(clients) < 100
    with served, client:
        served.sendall(b"here yet")
        assert client.recv(9) == b"here yet"
    while taken := queue.take():
        socket.socket(fileno=taken.descriptor).close()
    for client in clients:
        client.close()


def test_a_client_that_has_gone_meanwhile_is_noticed_by_whoever_takes_it(queue: Handover) -> None:
    client, served = socket.socketpair()
    queue.put(served, 1.0, False, "", "")
    client.close()
    taken = queue.take()
    assert taken
    with socket.socket(fileno=taken.descriptor) as sock:
        assert sock.recv(1) == b""


def test_what_workers_know_of_each_other(queue: Handover) -> None:
    assert (queue.newest_accepted, queue.is_left) == (0, False)
    queue.newest_accepted = 12.5
    queue.is_left = True
    assert (queue.newest_accepted, queue.is_left) == (12.5, True)
