"""What a slot that comes free takes: the request that has waited longest, wherever it waits."""

from __future__ import annotations

import time

import pytest

from gunicorn_slots.connection import SlotConnection
from gunicorn_slots.limits import (
    PARKED_LEAST_SECONDS,
    PATIENCE_SECONDS,
    STARVED_SECONDS,
    STAY_SECONDS,
)
from tests.gunicorn_slots.at_rest import Bench

MOMENT = 0.06  # longer than what counts as together


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


@pytest.fixture
def pending(bench: Bench) -> float:
    """Have three requests wait; return when the last one came."""
    now = time.monotonic()
    bench.worker.pending.extend((now, bench.kept(f"kept{number}")) for number in range(3))
    return now


def test_what_is_pending_goes_to_the_queue_after_a_moment(bench: Bench, pending: float) -> None:
    for number in range(2):
        bench.worker.pass_on(pending + number / 1e3)
        assert len(bench.worker.pending) == 3
    bench.worker.pass_on(pending + 1.1 * PATIENCE_SECONDS)
    assert bench.taken() == ["kept0", "kept1", "kept2"]
    assert not bench.worker.pending


def test_it_stays_for_a_while_where_requests_end(bench: Bench, pending: float) -> None:
    for number in range(10):
        bench.worker.served += 1
        bench.worker.pass_on(pending + number * STAY_SECONDS / 10)
    assert len(bench.worker.pending) == 3
    bench.worker.served += 1
    bench.worker.pass_on(pending + 1.1 * STAY_SECONDS)
    assert not bench.worker.pending


def test_it_stays_where_the_worker_hardly_gets_the_cpu(bench: Bench, pending: float) -> None:
    for number in range(2):
        bench.worker.pass_on(pending + number * 1.1 * STARVED_SECONDS)
        assert len(bench.worker.pending) == 3
    bench.worker.pass_on(pending + 1.1 * STAY_SECONDS)
    assert not bench.worker.pending


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


def test_the_poller_tells_of_a_queue_until_something_waits_in_it_for_a_slot(bench: Bench) -> None:
    queues, poller = bench.worker.queues, bench.worker.poller
    queues.found_empty(bench.listener)
    bench.connect("new")
    time.sleep(0.01)
    assert [key.fileobj for key, _ in poller.select(1)] == [bench.listener]
    bench.worker.on_queue(bench.listener)  # no slot is free
    assert poller.select(0) == []
    assert bench.taken() == ["new"]
    bench.connect("next")
    time.sleep(0.01)
    assert [key.fileobj for key, _ in poller.select(1)] == [bench.listener]  # as nothing was found in the end


def test_what_waits_in_a_queue_gets_a_slot_that_a_request_that_hangs_has_lost(bench: Bench) -> None:
    served: list[SlotConnection] = []
    bench.worker.enqueue_req = served.append
    bench.worker.tpool = bench.worker.get_thread_pool()
    hanging = bench.kept("hanging")
    bench.worker.watch.begin(hanging)
    bench.connect("new")
    time.sleep(0.01)
    bench.worker.on_queue(bench.listener)
    bench.worker.watch.drop(hanging, time.monotonic())
    assert [bench.clients[conn.client] for conn in served] == ["new"]


def test_what_was_handed_over_is_served_while_no_more_can_be_parked(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = bench.worker
    served: list[SlotConnection] = []
    worker.enqueue_req = served.append
    worker.hand_over(bench.kept("handed"), time.monotonic())
    bench.connect("new")
    time.sleep(0.01)
    monkeypatch.setattr(type(worker), "keeps_all", True)
    worker.free.extend([None, None])
    for queue in (bench.listener, worker.handover.outlet):
        worker.on_queue(queue)
    assert [bench.clients[conn.client] for conn in served] == ["handed"]
    assert [key.fileobj for key, _ in worker.poller.select(0)] == []  # nothing calls the main loop again and again


def events(bench: Bench) -> None:
    """Let the main loop go round once."""
    bench.worker.wait_for_and_dispatch_events(0)


def test_a_kept_connection_is_told_of_once_for_each_request(bench: Bench) -> None:
    worker, conn = bench.worker, bench.kept("kept")
    assert conn.sock.recv(9) == b"GET"
    client = bench.socks[-1]
    for _ in range(3):
        worker.kept.add(conn.sock, conn)
        events(bench)
        assert not worker.pending
        client.sendall(b"GET")
        time.sleep(0.01)
        events(bench)
        events(bench)
        assert [one for _, one in worker.pending] == [conn]
        worker.pending.clear()
        assert conn.sock.recv(9) == b"GET"


def test_the_main_loop_gets_to_know_of_a_kept_connection_once_it_is_watched(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    conn, known = bench.kept("kept"), []
    monkeypatch.setattr(bench.worker.poller, "keep", lambda _: known.append(len(bench.worker.kept)))
    assert bench.worker.kept.add(conn.sock, conn)
    assert (known, len(bench.worker.kept)) == ([0], 1)


def test_what_comes_while_a_connection_is_served_is_not_missed(bench: Bench) -> None:
    worker, conn = bench.worker, bench.kept("kept")
    client = bench.socks[-1]
    conn.sock.recv(9)
    worker.kept.add(conn.sock, conn)
    worker.kept.take(conn.sock)  # it is served
    client.sendall(b"the rest of that request")
    time.sleep(0.01)
    events(bench)
    assert not worker.pending
    conn.sock.recv(99)
    worker.kept.add(conn.sock, conn)  # nothing is there
    assert not worker.pending
    worker.kept.take(conn.sock)  # it is served again
    client.sendall(b"GET")
    time.sleep(0.01)
    events(bench)
    worker.kept.add(conn.sock, conn)
    assert [one for _, one in worker.pending] == [conn]


def test_a_kept_connection_whose_client_closes_takes_no_slot(bench: Bench) -> None:
    worker, conn = bench.worker, bench.kept("kept")
    conn.sock.recv(9)
    worker.kept.add(conn.sock, conn)
    bench.socks[-1].close()
    time.sleep(0.01)
    events(bench)
    assert (len(worker.pending), len(worker.kept), conn.sock.fileno()) == (0, 0, -1)
    assert not [key for key in worker.poller.keys.values() if key.data is conn]


def test_an_app_may_close_a_connection_that_is_watched(bench: Bench) -> None:
    """Its number is another one's by then, and that one stays watched."""
    worker, conn = bench.worker, bench.kept("closed")
    worker.kept.add(conn.sock, conn)
    worker.kept.take(conn.sock)
    number = conn.sock.fileno()
    bench.connect("other")
    time.sleep(0.01)
    conn.sock.close()
    other = worker.accepted(bench.listener)
    assert other.sock.fileno() == number
    worker.kept.add(other.sock, other)
    conn.close()
    events(bench)
    assert [one for _, one in worker.pending] == [other]


@pytest.mark.parametrize("name", ["parked", "kept"])
def test_one_that_has_to_go_but_has_spoken_is_served(bench: Bench, name: str) -> None:
    aside, conn = getattr(bench.worker, name), bench.kept("spoke")
    assert aside.add(conn.sock, conn)
    aside.end_oldest()
    assert [one for _, one in bench.worker.pending] == [conn]
    bench.worker.pending.clear()
    conn.sock.recv(9)
    assert aside.add(conn.sock, conn)
    aside.end_oldest()
    assert not bench.worker.pending
    assert bench.socks[0].recv(9) == b""


def test_no_more_are_kept_while_all_that_are_may_be_about_to_speak(bench: Bench) -> None:
    worker = bench.worker
    worker.kept.most = 2
    conns = [bench.kept(f"kept{number}") for number in range(3)]
    for conn in conns[:2]:
        conn.sock.recv(9)
        worker.kept.add(conn.sock, conn)
    assert worker.max_keepalived == 0
    (oldest, (until, conn)), (other, left) = worker.kept.all()
    worker.kept.waiting = {oldest: (until - PARKED_LEAST_SECONDS, conn), other: left}
    assert worker.max_keepalived == 1
    worker.kept.add(conns[2].sock, conns[2])
    assert [sock for sock, _ in worker.kept.all()] == [conns[1].sock, conns[2].sock]
