"""SlotWorker under a real gunicorn: exactly the slots, wherever the numbers come from."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path

import pytest

from tests.bed import ROOT, free_port
from tests.bed.gunicorn import gunicorn, wait_ready
from tests.bed.slots import most_at_once, setting, start_line
from tests.bed.waiting import wait_for

pytestmark = pytest.mark.process


@pytest.mark.parametrize(
    ("environ", "args", "slots"),
    [
        ({"GUNICORN_WORKERS": "3", "GUNICORN_THREADS": "4"}, [], 12),
        ({"GUNICORN_CMD_ARGS": "--workers 2 --threads 5"}, [], 10),
        ({}, ["--workers", "4", "--threads", "2", "--worker-class", "gunicorn_slots.SlotWorker"], 8),
        ({"GUNICORN_WORKERS": "3", "GUNICORN_THREADS": "1"}, [], 3),
        ({"GUNICORN_WORKERS": "2", "GUNICORN_KEEPALIVE": "0", "GUNICORN_WORKER_CONNECTIONS": "6"}, [], 12),
        ({"GUNICORN_WORKERS": "2", "GUNICORN_KEEPALIVE": "2"}, [], 12),
    ],
    ids=str,
)
def test_every_slot_is_used_and_no_more(environ: dict[str, str], args: list[str], slots: int) -> None:
    """With twice as many requests as slots exactly the slots are served at first: none waits beside a free one."""
    with gunicorn(args, environ) as server:
        assert most_at_once(server.port, 2 * slots) == slots


def test_slots_follow_the_workers() -> None:
    """TTIN adds a worker, of the same kind."""
    with gunicorn(environ={"GUNICORN_WORKERS": "1", "GUNICORN_THREADS": "3"}) as server:
        server.process.send_signal(signal.SIGTTIN)
        wait_for(lambda: len(server.workers()) == 2, what="a second worker")
        time.sleep(1)  # the second one has loaded the app
        assert most_at_once(server.port, 12) == 6


def test_two_addresses_share_the_slots() -> None:
    ports = [free_port(), free_port()]
    bind = ",".join(f"127.0.0.1:{port}" for port in ports)
    with gunicorn(environ={"GUNICORN_WORKERS": "1", "GUNICORN_BIND": bind}, ready="") as server:
        server.port = ports[0]
        wait_ready(server, "/healthz")
        assert most_at_once(ports[0], 12, ports[1]) == 6


def test_slots_follow_the_threads_after_a_reload(tmp_path: Path) -> None:
    """HUP reads the file anew: here it has changed meanwhile."""
    text = (ROOT / "gunicorn.conf.py").read_text()
    config = tmp_path / "gunicorn.conf.py"
    config.write_text(text)
    (tmp_path / "gunicorn_slots").symlink_to(ROOT / "gunicorn_slots")
    environ = {"GUNICORN_WORKERS": "2", "SERVER_TIMING": "true"}
    with gunicorn(["--config", str(config)], environ) as server:
        assert setting(server) == "workers=2 threads=6 class=SlotWorker"
        before = server.pids()
        config.write_text(text.replace("threads = 6", "threads = 4"))
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: not before & server.pids(), 20, "new workers alone")
        assert setting(server) == "workers=2 threads=4 class=SlotWorker"
        assert most_at_once(server.port, 16) == 8
        assert "2 workers × 4 threads = 8 slots" in start_line(server)


@pytest.mark.parametrize(
    ("name", "value"),
    [("WORKER_CONNECTIONS", "50"), ("WORKER_CONNECTIONS", "1000")],
)
def test_a_setting_of_ones_own_is_left_alone(name: str, value: str) -> None:
    """Also where it is gunicorn's default: it was asked for."""
    # With keep-alive gunicorn now and then waits at its stop for as long as it may.
    with gunicorn(environ={f"GUNICORN_{name}": value, "GUNICORN_GRACEFUL_TIMEOUT": "2"}) as server:
        assert f"slots not exact: {name.lower()} set by GUNICORN_{name}" in start_line(server)
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"Connection: keep-alive" in sock.recv(4096)


def test_a_queue_for_each_worker_is_not_exact() -> None:
    with gunicorn(environ={"GUNICORN_REUSE_PORT": "true"}) as server:
        assert "slots not exact: with reuse_port" in start_line(server)
