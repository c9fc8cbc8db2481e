"""What a thread does whose request is over."""

from __future__ import annotations

import time
from types import SimpleNamespace

from gunicorn_slots.connection import SlotConnection
from tests.gunicorn_slots.at_rest import Bench


def test_a_thread_takes_what_waits_here_itself_and_leaves_new_connections_to_the_main_loop(bench: Bench) -> None:
    asked: list[object] = []
    bench.worker.method_queue = SimpleNamespace(defer=asked.append)
    bench.worker.queues.found_empty(bench.listener)
    kept = bench.kept("kept")
    bench.worker.pending.append((time.monotonic(), kept))
    assert bench.worker.after() is kept
    bench.connect("new")
    bench.worker.queues.leave_to_threads(bench.listener)
    for _ in range(2):  # two requests are over before the main loop comes to it
        assert bench.worker.after() is None
    assert asked == [bench.worker.fill]
    assert len(bench.worker.free) == 2
    served: list[SlotConnection] = []
    bench.worker.enqueue_req = served.append
    time.sleep(0.01)
    bench.worker.fill()
    assert [bench.clients[conn.client] for conn in served] == ["new"]
    bench.worker.queues.leave_to_threads(bench.listener)
    assert bench.worker.after() is None
    assert asked == [bench.worker.fill] * 2


def test_the_main_loop_does_other_things_too_while_slots_come_free_all_the_time(bench: Bench) -> None:
    asked: list[object] = []
    bench.worker.method_queue = SimpleNamespace(defer=asked.append)
    bench.worker.enqueue_req = lambda conn: bench.worker.give_slot()  # as quickly as can be
    bench.worker.pending.extend((time.monotonic(), bench.kept(f"kept{number}")) for number in range(3))
    bench.worker.give_slot()
    for left in (2, 1):
        bench.worker.fill()
        assert (len(bench.worker.pending), len(asked)) == (left, 3 - left)
    bench.worker.fill()
    assert (len(bench.worker.pending), len(asked)) == (0, 2)
