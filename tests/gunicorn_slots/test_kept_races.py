"""What a kept connection must survive: events that come late, that are another one's, or that never come."""

from __future__ import annotations

import errno
import math
import os
import socket
import time

import pytest

from gunicorn_slots import aside
from gunicorn_slots.connection import NothingYetError, PatientSocket
from gunicorn_slots.kept import GONE
from gunicorn_slots.limits import STOP_SECONDS
from gunicorn_slots.worker import SlotWorker
from tests.gunicorn_slots.at_rest import Bench


def test_one_that_has_nothing_new_to_say_gives_its_slot_back_at_once(bench: Bench) -> None:
    """It was told of the rest of a request, which was read with the request before it came to that."""
    conn = bench.kept("kept")
    conn.sock.recv(9)
    bench.worker.kept.add(conn.sock, conn)
    bench.worker.kept.take(conn.sock)
    begin = time.monotonic()
    assert bench.worker.handle(conn) is True  # so that it is kept
    assert time.monotonic() - begin < 1
    with pytest.raises(NothingYetError):
        PatientSocket(conn).recv(9)


def test_what_ends_where_the_buffer_ends_may_have_more_behind_it(bench: Bench) -> None:
    conn = bench.kept("kept")
    reader = PatientSocket(conn)
    assert reader.recv(9) == b"GET"
    assert not conn.spoke
    for at_once in (True, False):
        conn.spoke, reader.at_once = False, at_once
        bench.socks[-1].sendall(b"GET")
        time.sleep(0.01)
        conn.init()
        assert reader.recv(3) == b"GET"
        assert conn.spoke


def test_an_end_of_another_connection_with_its_number_is_none_of_its_own(bench: Bench) -> None:
    conn = bench.kept("kept")
    conn.sock.recv(9)
    bench.worker.kept.add(conn.sock, conn)
    bench.worker.kept.has_event(conn, GONE)
    assert [known for _, (_, known) in bench.worker.kept.all()] == [conn]
    bench.socks[-1].close()
    time.sleep(0.01)
    bench.worker.kept.has_event(conn, GONE)
    assert (len(bench.worker.kept), conn.sock.fileno()) == (0, -1)


def test_in_a_worker_that_ends_alone_they_wait_for_room_and_not_for_their_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, conn = bench.worker, bench.kept("kept")
    conn.sock.recv(9)
    worker.ppid = os.getppid()
    monkeypatch.setattr(worker.handover, "put", lambda *_: False)
    worker.kept.leave(time.monotonic())
    worker.kept.add(conn.sock, conn)  # a long response is over
    for _ in range(2):
        now = time.monotonic() + 2 * STOP_SECONDS
        worker.kept.look(now)
        worker.kept.end_expired(now)
        assert (len(worker.kept), worker.kept.until) == (1, math.inf)
    worker.handover.is_left = True  # all of the server stops
    worker.kept.look(now)
    worker.kept.end_expired(now + STOP_SECONDS - 0.1)
    assert len(worker.kept) == 1
    worker.kept.end_expired(now + STOP_SECONDS + 0.1)
    assert len(worker.kept) == 0


def test_one_for_which_no_descriptor_is_left_stays_in_the_queue(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    conn = bench.kept("kept")
    assert bench.worker.hand_over(conn, time.monotonic())

    def none_left(_: int) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as out:
        out.setattr(os, "dup", none_left)
        assert bench.worker.taken() is None
    assert bench.taken() == ["kept"]


def test_what_lingers_and_is_closed_meanwhile_stays_closed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    conn = bench.kept("kept")
    lingering = bench.worker.lingering
    conn.sock.setblocking(False)
    lingering.add(conn.sock, 100)

    def drain(sock: socket.socket, most: int) -> int:
        lingering.end(sock, most)  # another thread makes room
        return most

    monkeypatch.setattr(aside, "drain", drain)
    lingering.readable(conn.sock, 100)
    assert len(lingering) == 0


def test_each_listener_has_its_turn_whoever_else_looks(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of the turn may change between two looks, as another thread takes one."""
    worker = bench.worker
    with socket.create_server(("127.0.0.1", 0)) as other:
        worker.sockets = [bench.listener, other]
        looked: list[object] = []

        def accepted(_: SlotWorker, listener: object) -> None:
            looked.append(listener)
            worker.turn += 1

        monkeypatch.setattr(SlotWorker, "accepted", accepted)
        worker.any_accepted(math.inf, {bench.listener, other})
        assert sorted(map(id, looked)) == sorted(map(id, worker.sockets))
