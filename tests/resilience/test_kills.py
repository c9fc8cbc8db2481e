"""Processes that are killed outright. tests/resilience/test_containers.py kills a container's arbiter."""

from __future__ import annotations

import math
import time

import psutil
import pytest

from gunicorn_slots.limits import STAY_SECONDS
from tests.bed.gunicorn import Server
from tests.bed.users import users
from tests.bed.waiting import wait_for
from tests.resilience.conftest import Record, Serve
from tests.resilience.rows import STACK

pytestmark = pytest.mark.process


def test_killed_worker(who: str, serve: Serve, record: Record) -> None:
    with serve() as server, users(server.port) as run:
        time.sleep(1.5)
        victim = server.workers()[0]
        old = server.pids()
        begin = time.monotonic()
        victim.kill()
        try:
            wait_for(lambda: serves_anew(server, old), 5, "a new worker")
            back = time.monotonic() - begin
        except TimeoutError:
            back = math.inf  # bare gunicorn's old workers may have taken all connections, and keep them
        time.sleep(1)
    note = "nothing reached a new worker for 5 s" if back == math.inf else f"a new one serves after {back:.1f} s"
    record("worker", who, run.sent, run.lost, note)
    if who == STACK:
        # A kept connection's next request may just have come, for which no slot was free yet.
        assert 1 <= run.between(0, begin - STAY_SECONDS).lost <= 6, run.outcomes
        assert run.lost <= 6 + 6, run.outcomes
        assert run.refused == 0
        assert back < 2


def serves_anew(server: Server, old: set[int]) -> bool:
    """A worker that was not there before has taken a connection: it has more threads than its main one."""
    return any(worker.pid not in old and worker.num_threads() > 1 for worker in server.workers())


def test_killed_arbiter(who: str, serve: Serve, record: Record) -> None:
    """Where no container ends with it: the workers answer what they have and what waits for them, and end too."""
    with serve() as server:
        workers = server.workers()
        with users(server.port) as run:
            time.sleep(2)
            killed = time.monotonic()
            server.process.kill()
            psutil.wait_procs(workers, timeout=10)
        left = sum(worker.is_running() for worker in workers)
        for worker in workers:
            if worker.is_running():
                worker.kill()
    before = run.between(0, killed)
    record("orphans", who, before.sent, before.lost, f"workers left after 10 s: {left}")
    if who == STACK:
        assert before.lost == 0, before.outcomes
        assert left == 0
