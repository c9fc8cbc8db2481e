"""A kept connection's requests have their limits, each for itself."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from gunicorn.config import Config

from gunicorn_slots.connection import GivenUpError, SlotConnection
from gunicorn_slots.limits import Limits

Ends = tuple[socket.socket, SlotConnection]
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def ends() -> Iterator[Ends]:
    client, served = socket.socketpair()
    server = ("127.0.0.1", 8000)
    with client, served:
        yield client, SlotConnection(Config(), served, ("10.0.0.1", 1), server, Limits(head=1), socket.socket.close)


def next_request(conn: SlotConnection) -> bool:
    """Read a request, as a thread does."""
    conn.sock.setblocking(True)
    conn.init()
    return bool(next(conn.parser))


def test_the_rest_of_a_request_that_was_read_ahead_has_its_limit(ends: Ends) -> None:
    client, conn = ends
    client.sendall(REQUEST + REQUEST[:9])
    assert next_request(conn)
    conn.again()
    with pytest.raises(GivenUpError, match=r"0 bytes of the head in 1\.0 s"):
        next_request(conn)


@pytest.mark.timeout(10)
def test_a_request_that_is_not_there_after_all_has_its_limit(ends: Ends) -> None:
    client, conn = ends
    for _ in range(2):
        client.sendall(REQUEST)
        assert next_request(conn)
        conn.again()
    with pytest.raises(GivenUpError, match=r"0 bytes of the head in 1\.0 s"):
        next_request(conn)
