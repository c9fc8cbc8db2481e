"""A response that never ends in each worker, and then what makes workers end: all slots serve on, and it has an end."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.bed.clients import unread
from tests.bed.foreign import copy
from tests.bed.gunicorn import Server, gunicorn
from tests.bed.streams import is_over, streams
from tests.bed.users import Run, users
from tests.bed.waiting import wait_for
from tests.conftest import CONF
from tests.resilience.conftest import FAULTY, FULL, Record, Serve
from tests.resilience.rows import BARE, STACK

pytestmark = pytest.mark.process

SECONDS = 10 if FULL else 1.5  # under load, after each fault


def served(server: Server) -> tuple[Run, float]:
    """What becomes of requests now, and how many are answered in a second at the end."""
    with users(server.port, timeout=5) as run:
        time.sleep(SECONDS)
        end = time.monotonic()
    return run, run.rate(end - SECONDS / 2, end)


def flowing(held: dict[int, socket.socket]) -> int:
    return sum(not is_over(sock) for sock in held.values())


def serves_on(
    server: Server, held: dict[int, socket.socket], fault: str, who: str, record: Record, least: float = 180
) -> None:
    """All requests are answered, at nearly the rate of the slots that are left, and the streams go on."""
    run, rate = served(server)
    record(fault, who, run.sent, run.lost, f"{rate:.0f} answers/s; {flowing(held)} of 3 streams go on")
    if who == STACK:
        assert (run.lost, run.refused, flowing(held)) == (0, 0, 3), run.outcomes
        assert rate > 0.8 * least


def test_reloads_hangs_and_kills_beside_streams(who: str, serve: Serve, record: Record) -> None:
    with serve(FAULTY, {"SLOT_REQUEST_SECONDS": "2"}) as server, streams(server.port) as held:
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(server.pids() - set(held)) == 3, what="three new workers")
        serves_on(server, held, "streams-hup", who, record)

        new = server.pids() - set(held)
        with unread(server.port, 3, "/hang"):
            if who == STACK:
                wait_for(lambda: "a new one follows" in server.log.read_text(), 10, "the end of a worker")
            time.sleep(15 if FULL else 1)
            serves_on(server, held, "streams-hang", who, record)
            if who == STACK:
                assert new - server.pids()
                assert len(server.pids() - set(held)) == 3

        before = server.pids()
        os.kill(max(before - set(held)), signal.SIGKILL)
        if who == STACK:
            wait_for(lambda: server.pids() - before, 2, "a new worker")
        serves_on(server, held, "streams-kill", who, record)


def test_recycled_workers_beside_streams(who: str, serve: Serve, record: Record) -> None:
    with serve(FAULTY, None, "--max-requests", "30") as server, streams(server.port) as held:
        with users(server.port, timeout=5) as run:
            if FULL:
                time.sleep(SECONDS)
            else:  # a worker serves 30, so the first three are not enough; starting takes longer than serving these
                wait_for(lambda: len(run.requests) > 120, 20, "more answers than the first workers have")
            end = time.monotonic()
        rate = run.rate(end - SECONDS / 2, end)
        record("streams-recycled", who, run.sent, run.lost, f"{rate:.0f} answers/s; {flowing(held)} of 3 streams go on")
    if who == STACK:
        assert (run.lost, run.refused) == (0, 0), run.outcomes
        assert run.sent > 120


def test_fewer_and_more_workers_beside_streams(who: str, serve: Serve, record: Record) -> None:
    with serve(FAULTY) as server, streams(server.port) as held:
        server.process.send_signal(signal.SIGTTOU)
        time.sleep(1)
        server.process.send_signal(signal.SIGTTIN)
        time.sleep(1)
        # Two of the three that serve have a stream in one slot.
        serves_on(server, held, "streams-ttou", who, record, least=160)


def test_stop_beside_streams(who: str, serve: Serve, record: Record) -> None:
    with serve(FAULTY, None, "--graceful-timeout", "2") as server, streams(server.port):
        workers = server.workers()
        with users(server.port) as run:
            time.sleep(0.5)
            told = time.monotonic()
            assert server.stop() == 0
            took = time.monotonic() - told
        before = run.between(0, told)
        left = psutil.wait_procs(workers, 2)[1]
    record("streams-stop", who, before.sent, before.lost, f"stopped after {took:.1f} s, workers left: {len(left)}")
    assert took < 4
    if who == STACK:
        assert (before.lost, left) == (0, []), before.outcomes


def test_a_stop_waits_for_workers_that_drain_already(serve: Serve) -> None:
    with serve(FAULTY) as server, ThreadPoolExecutor() as pool:
        answer = pool.submit(server.get, "/io?ms=2500")
        time.sleep(0.3)
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(server.pids()) == 4, 5, "three new workers beside one that drains")
        assert server.stop() == 0
        assert answer.result(5)[0] == 200


def test_quick_stop_beside_streams(who: str, serve: Serve, record: Record) -> None:
    """Python waits for threads at the exit, which SIGQUIT and Ctrl-C are not meant to."""
    with serve(FAULTY) as server, streams(server.port):
        told = time.monotonic()
        server.process.send_signal(signal.SIGQUIT)
        server.process.wait(40)
        took = time.monotonic() - told
    record("streams-quit", who, 0, 0, f"stopped after {took:.1f} s")
    if who == STACK:
        assert took < 2


# An app that says which version it is.
APP = """
import time

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Worker", "1")])
    if environ["PATH_INFO"] != "/stream":
        return [b"{}"]
    return iter(lambda: time.sleep(0.5) or b"line", b"")
"""


def test_a_changed_file_beside_a_stream(who: str, tmp_path: Path, record: Record) -> None:
    app = tmp_path / "app.py"
    app.write_text(APP.replace("{}", "old"))
    copy(tmp_path, "gunicorn_slots")
    worker_class = ["-k", "gunicorn_slots.SlotWorker"] if who == STACK else []
    args = ["--reload", "--reload-engine", "poll", "--threads", "6", *worker_class, "app:app"]
    with gunicorn(args, bare=True, cwd=tmp_path) as server, streams(server.port, 1) as held:
        app.write_text(APP.replace("{}", "new") + "\n")
        begin = time.monotonic()
        try:
            wait_for(lambda: server.get("/", timeout=2)[1] == "new", 20 if FULL else 5, "the new code")
            note = f"new code after {time.monotonic() - begin:.1f} s"
        except TimeoutError:
            assert who == BARE
            note = "no new code for 20 s"
        record("streams-reload", who, 1, 1 - flowing(held), note)
        if who == BARE:
            server.process.kill()


def test_the_end_has_an_end(serve: Serve) -> None:
    """What is cut is named, its app cleans up, and nothing is left of the old workers."""
    with serve(FAULTY, {"SLOT_DRAIN_SECONDS": "2"}) as server, streams(server.port) as held:
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(server.pids()) == 6, 5, "new workers beside the old ones")
        assert flowing(held) == 3
        wait_for(lambda: not server.pids() & set(held), 8, "the end of the old workers")
        assert flowing(held) == 0
        assert len(server.pids()) == 3
        log = server.log.read_text()
    reason = r"as worker (\d+) has drained for 2 s \(SLOT_DRAIN_SECONDS=2\)"
    cut = re.findall(rf"Cut 1 request, {reason}: 127\.0\.0\.1 GET /stream after \d s\n", log)
    assert sorted(cut) == sorted(map(str, held))
    assert all(f"end of a stream in {pid}" in log for pid in held)
    assert "Traceback" not in log
    assert "was sent SIG" not in log


def test_an_arbiter_that_is_killed_leaves_nobody_behind(serve: Serve) -> None:
    with serve(FAULTY, {"SLOT_DRAIN_SECONDS": "1"}) as server, streams(server.port):
        workers = server.workers()
        server.process.kill()
        assert psutil.wait_procs(workers, 8)[1] == []


def test_reload_after_reload_keeps_no_more_old_workers_than_new_ones(tmp_path: Path) -> None:
    """Beyond that the first are cut; here after 1.5 s, so that nobody need wait."""
    conf = tmp_path / "hurry.py"
    patch = "import gunicorn_slots.arbiter\ngunicorn_slots.arbiter.LEAVING_SECONDS = {1: 1.5}\n"
    conf.write_text(f"{CONF.read_text()}\n{patch}")
    with gunicorn(["--config", str(conf), "--workers", "2", FAULTY]) as server, streams(server.port, 2) as first:
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(server.pids()) == 4, 5, "new workers beside the old ones")
        with streams(server.port, 2) as second:
            server.process.send_signal(signal.SIGHUP)
            wait_for(lambda: not server.pids() & set(first), 8, "the end of the first ones")
            assert (flowing(first), flowing(second)) == (0, 2)
            assert len(server.pids()) == 4
        assert server.log.read_text().count("Cut 1 request, as more workers drain than serve") == 2


def test_a_worker_that_is_told_to_end_while_it_starts_ends(tmp_path: Path) -> None:
    """Until it has signal handlers of its own it has the arbiter's, which only put a signal into a queue."""
    conf = tmp_path / "slow.py"
    conf.write_text(f"{CONF.read_text()}\nimport time\ndef post_fork(server, worker):\n    time.sleep(1)\n")
    with gunicorn(["--config", str(conf), "--workers", "2", FAULTY], ready="") as server:
        wait_for(lambda: len(server.pids()) == 2, 10, "two workers")
        time.sleep(0.3)
        told = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - told < 3
