"""gunicorn.conf.py under a real gunicorn: what is in force, exact slots, rough clients."""

from __future__ import annotations

import contextlib
import re
import resource
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http.wsgi import Response

from tests.bed import ROOT, clean_environ, clients, free_port
from tests.bed.cores import cores
from tests.bed.gunicorn import Server, gunicorn, wait_ready
from tests.bed.locust import HELLO, WAITING, locust
from tests.bed.waiting import wait_for
from tests.conftest import Conf


def start_line(server: Server) -> str:
    """The last line that says what is in force."""
    return [line for line in server.log.read_text().splitlines() if " vCPU (" in line][-1]


def setting(server: Server) -> str:
    """The setting in force, from a worker itself."""
    found = re.search(r"workers=\d+ threads=\d+ class=\w+", server.get("/healthz")[2])
    assert found
    return found[0]


def run(args: Sequence[str], environ: dict[str, str], cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a gunicorn that is expected to end by itself."""
    command = [sys.executable, "-m", "gunicorn", *args]
    env = clean_environ(environ)
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=20, check=False)


@pytest.mark.parametrize(
    ("environ", "args"),
    [
        ({"GUNICORN_THREADS": "abc"}, []),
        ({"GUNICORN_THREADS": "0"}, []),
        ({"GUNICORN_WORKERS": "0"}, []),
        ({"GUNICORN_WROKERS": "3"}, []),
        ({"GUNICORN_ON_STARTING": "x"}, []),
        ({"GUNICORN_WORKER_TMP_DIR": "/nope"}, []),
        ({"GUNICORN_BIND": "nonsense"}, []),
        ({"PYTHON_ENABLE_GUNICORN_MULTIWORKERS": "maybe"}, []),
        ({"SLOT_HEAD_SECONDS": "10s"}, []),
        ({"SLOT_REQUEST_SECONDS": "99999999"}, []),
        ({"GUNICORN_RAW_ENV": "FLASK_DEBUG=1"}, []),
        ({}, ["--env", "FLASK_DEBUG=1"]),
        ({"GUNICORN_CHDIR": "/proc"}, []),
        ({"GUNICORN_CERTFILE": "/nope"}, []),
        ({}, ["--threads", "0"]),
        ({}, ["--workers", "0"]),
        ({}, ["--worker-tmp-dir", "/nope"]),
        ({}, ["--worker-class", "nope"]),
        ({}, ["--chdir", "/nope"]),
        ({}, ["nope:app"]),
        ({"GUNICORN_THREADS": "0"}, ["--check-config"]),
    ],
    ids=str,
)
def test_bad_value_ends_the_start_with_one_line(environ: dict[str, str], args: list[str]) -> None:
    done = run(args, environ)
    assert done.returncode == 1
    assert re.fullmatch(r"gunicorn\.conf\.py: [^\n]+\n", done.stderr)
    assert done.stdout == ""


def test_a_good_configuration_passes_the_check() -> None:
    assert run(["--check-config"], {}).returncode == 0


@pytest.mark.parametrize(
    ("environ", "args", "expected", "origin"),
    [
        ({}, [], "threads=6 class=gthread", "threads: default"),
        ({"GUNICORN_THREADS": ""}, [], "threads=6 class=gthread", "threads: default"),
        ({"GUNICORN_THREADS": "1"}, [], "threads=1 class=gthread", "threads: GUNICORN_THREADS"),
        ({"GUNICORN_WORKER_CLASS": "sync"}, ["--threads", "1"], "threads=1 class=sync", "threads: command line"),
        ({"GUNICORN_CMD_ARGS": "--threads 9"}, [], "threads=9 class=gthread", "threads: GUNICORN_CMD_ARGS"),
        ({"GUNICORN_THREADS": "4"}, ["--threads", "9"], "threads=9 class=gthread", "threads: command line"),
        ({"GUNICORN_WORKER_CLASS": "gevent"}, [], "threads=6 class=gevent", "threads: default"),
    ],
    ids=str,
)
def test_what_is_in_force_and_where_it_came_from(
    environ: dict[str, str], args: list[str], expected: str, origin: str
) -> None:
    environ = {"SERVER_TIMING": "true", "GUNICORN_WORKERS": "2"} | environ
    with gunicorn(args, environ) as server:
        assert setting(server) == f"workers=2 {expected}"
        assert f"(workers: GUNICORN_WORKERS, {origin})" in start_line(server)
        assert "Traceback" not in server.log.read_text()


def test_no_header_unless_asked_for() -> None:
    with gunicorn() as server:
        assert server.get("/healthz")[2] == ""


# --- exact slots --------------------------------------------------------------------------------


def most_at_once(server: Server, requests: int, ports: Sequence[int] = ()) -> int:
    """How many of these simultaneous requests end in the first wave, of a route that waits 500 ms."""
    begin = time.monotonic()
    urls = [f"http://127.0.0.1:{port}/io?ms=500" for port in ports or [server.port]]

    def one(number: int) -> float:
        with urllib.request.urlopen(urls[number % len(urls)], timeout=20) as response:
            assert response.status == 200
        return time.monotonic() - begin

    with ThreadPoolExecutor(requests) as pool:
        ends = list(pool.map(one, range(requests)))
    return sum(end < 0.95 for end in ends)


@pytest.mark.parametrize(
    ("environ", "args", "slots"),
    [
        ({"GUNICORN_WORKERS": "3", "GUNICORN_THREADS": "4"}, [], 12),
        ({"GUNICORN_CMD_ARGS": "--workers 2 --threads 5"}, [], 10),
        ({}, ["--workers", "4", "--threads", "2", "--worker-class", "gthread"], 8),
        ({"GUNICORN_WORKERS": "3", "GUNICORN_THREADS": "1"}, [], 3),
        ({"GUNICORN_WORKERS": "2", "GUNICORN_KEEPALIVE": "0", "GUNICORN_WORKER_CONNECTIONS": "6"}, [], 12),
    ],
    ids=str,
)
def test_every_slot_is_used_and_no_more(environ: dict[str, str], args: list[str], slots: int) -> None:
    """With twice as many requests as slots exactly the slots are served at first: none waits beside a free one."""
    with gunicorn(args, environ) as server:
        assert most_at_once(server, 2 * slots) == slots


def test_slots_follow_the_workers() -> None:
    """TTIN adds a worker, of the same kind."""
    with gunicorn(environ={"GUNICORN_WORKERS": "1", "GUNICORN_THREADS": "3"}) as server:
        server.process.send_signal(signal.SIGTTIN)
        wait_for(lambda: len(server.workers()) == 2, what="a second worker")
        time.sleep(1)  # the second one has loaded the app
        assert most_at_once(server, 12) == 6


def test_two_addresses_share_the_slots() -> None:
    ports = [free_port(), free_port()]
    bind = ",".join(f"127.0.0.1:{port}" for port in ports)
    with gunicorn(environ={"GUNICORN_WORKERS": "1", "GUNICORN_BIND": bind}, ready="") as server:
        server.port = ports[0]
        wait_ready(server, "/healthz")
        assert most_at_once(server, 12, ports) == 6


def test_slots_follow_the_threads_after_a_reload(tmp_path: Path) -> None:
    """HUP reads the file anew: here it has changed meanwhile."""
    text = (ROOT / "gunicorn.conf.py").read_text()
    config = tmp_path / "gunicorn.conf.py"
    config.write_text(text)
    environ = {"GUNICORN_WORKERS": "2", "SERVER_TIMING": "true"}
    with gunicorn(["--config", str(config)], environ) as server:
        assert setting(server) == "workers=2 threads=6 class=gthread"
        before = {worker.pid for worker in server.workers()}
        config.write_text(text.replace('"threads": 6', '"threads": 4'))
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: not before & {worker.pid for worker in server.workers()}, 20, "new workers alone")
        assert setting(server) == "workers=2 threads=4 class=gthread"
        assert most_at_once(server, 16) == 8
        assert "2 workers × 4 threads = 8 slots" in start_line(server)


@pytest.mark.parametrize("name", ["WORKER_CONNECTIONS", "KEEPALIVE"])
def test_a_setting_of_ones_own_is_left_alone(name: str) -> None:
    # With keep-alive gunicorn now and then waits at its stop for as long as it may.
    with gunicorn(environ={f"GUNICORN_{name}": "50", "GUNICORN_GRACEFUL_TIMEOUT": "2"}) as server:
        assert f"slots not exact: {name.lower()} set by GUNICORN_{name}" in start_line(server)
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"Connection: keep-alive" in sock.recv(4096)


def test_a_queue_for_each_worker_is_not_exact() -> None:
    with gunicorn(environ={"GUNICORN_REUSE_PORT": "true"}) as server:
        assert "slots not exact: with reuse_port" in start_line(server)


# --- rough clients --------------------------------------------------------------------------------


def test_silent_connections_hold_no_slot() -> None:
    with gunicorn(environ={"GUNICORN_WORKERS": "1"}) as server, clients.silent(server.port, 6):
        begin = time.monotonic()
        assert server.get("/healthz")[0] == 200
        assert time.monotonic() - begin < 0.2


@pytest.mark.parametrize("threads", ["1", "6"])
def test_a_silent_connection_is_served_when_it_speaks(threads: str) -> None:
    environ = {"GUNICORN_WORKERS": "1", "GUNICORN_THREADS": threads}
    with gunicorn(environ=environ) as server, clients.silent(server.port, 1) as (sock,):
        time.sleep(1)
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert sock.recv(4096).startswith(b"HTTP/1.1 200")


def unix_request(path: Path) -> bytes:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(path))
        sock.settimeout(5)
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        return sock.recv(4096)


def test_silent_connections_are_parked_where_the_kernel_cannot_keep_them(tmp_path: Path) -> None:
    """A Unix socket has no TCP_DEFER_ACCEPT, so the worker gets a silent connection at once."""
    path = tmp_path / "socket"
    environ = {"GUNICORN_WORKERS": "1", "GUNICORN_BIND": f"unix:{path}"}
    with gunicorn(environ=environ, ready="") as server:
        wait_for(path.exists, what="the socket")
        socks = [socket.socket(socket.AF_UNIX) for _ in range(7)]
        for sock in socks:
            sock.connect(str(path))
        time.sleep(0.3)
        begin = time.monotonic()
        assert unix_request(path).startswith(b"HTTP/1.1 200")
        assert time.monotonic() - begin < 0.5
        socks[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert socks[0].recv(4096).startswith(b"HTTP/1.1 200")
        for sock in socks[1:]:
            sock.settimeout(10)
            assert sock.recv(1) == b""  # closed by the worker, after PARKED_SECONDS
            sock.close()
        assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("hold", [0.05, 2.4])
def test_slow_closers_delay_nobody(hold: float) -> None:
    """With gthread and no keep-alive a worker waits for each to close before it accepts again, for up to 2 s.

    12 clients of a route that waits 100 ms share 6 slots, so each waits for about one other request.
    """
    with gunicorn(environ={"GUNICORN_WORKERS": "1"}) as server:
        times = clients.slow_closers(server.port, 12, hold, 2.4, threading.Event())
    assert statistics.median(times) < 0.3


@pytest.mark.parametrize("max_requests", ["0", "1"])
def test_a_response_survives_what_the_client_sends_too_much(max_requests: str) -> None:
    """Unread bytes at a plain close() make the kernel reset the connection, response and all.

    With max_requests the worker ends at the same time, which must not cut the polite end short.
    """
    with gunicorn(environ={"GUNICORN_MAX_REQUESTS": max_requests}) as server:
        for _ in range(8):
            with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
                head = b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n"
                sock.sendall(head)
                for _ in range(20):
                    sock.sendall(b"x" * 2000)
                    time.sleep(0.01)
                received = b""
                while chunk := sock.recv(4096):
                    received += chunk
                assert received.startswith(b"HTTP/1.1 405")


def test_what_rough_clients_leave_is_given_back() -> None:
    """After them a worker has as many sockets and threads as before."""
    with gunicorn(environ={"GUNICORN_WORKERS": "1"}) as server:
        (worker,) = server.workers()
        clients.slow_closers(server.port, 12, 0.0, 0.5, threading.Event())  # all threads have started
        before = worker.num_fds(), worker.num_threads()
        clients.slow_closers(server.port, 12, 0.3, 1.5, threading.Event())
        for _ in range(50):
            with socket.create_connection(("127.0.0.1", server.port)) as sock:
                sock.sendall(b"GET /io HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for(lambda: worker.num_fds() <= before[0], what="closed connections")
        assert worker.num_threads() == before[1]


def test_a_worker_survives_more_slow_closers_than_it_has_file_descriptors() -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, limit[1]))  # the server inherits it
    try:
        with gunicorn(environ={"GUNICORN_WORKERS": "1"}) as server:
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
            (worker,) = server.workers()
            socks = []
            for _ in range(300):
                sock = socket.create_connection(("127.0.0.1", server.port), timeout=5)
                socks.append(sock)
                sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                assert b" 200 " in sock.recv(4096)
            assert server.workers() == [worker]
            for sock in socks:
                sock.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


def test_a_parked_connection_that_speaks_while_it_is_given_up(tmp_path: Path) -> None:
    """Both fall into one batch of events when the worker was stopped meanwhile."""
    path = tmp_path / "socket"
    with gunicorn(environ={"GUNICORN_WORKERS": "1", "GUNICORN_BIND": f"unix:{path}"}, ready="") as server:
        wait_for(path.exists, what="the socket")
        time.sleep(1)
        (worker,) = server.workers()
        with contextlib.ExitStack() as stack:
            socks = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(257)]
            for sock in socks[:256]:
                sock.connect(str(path))
            time.sleep(1)
            worker.suspend()
            socks[256].connect(str(path))
            socks[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            worker.resume()
            time.sleep(1)
            assert unix_request(path).startswith(b"HTTP/1.1 200")
        assert server.workers() == [worker]


# --- behind and without a front end -----------------------------------------------------------------


def test_forged_headers_count_for_nothing(tmp_path: Path) -> None:
    # Not app.py: that name is this repository's own package.
    (tmp_path / "main.py").write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from flask import Flask, request\n"
        "from app.front_end import trusted_only\n"
        "app = Flask(__name__)\n"
        "app.wsgi_app = trusted_only(app.wsgi_app)\n"
        "@app.get('/<path:path>')\n"
        "def seen(path):\n"
        "    return [request.remote_addr, request.scheme, request.host, request.script_root]\n"
    )
    forged = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil",
        "X-Forwarded-Prefix": "/evil",
        "Disguised-Host": "evil",
        "X-Client-IP": "6.6.6.6",
        "SCRIPT_NAME": "/evil",
        "Host": "good",
    }
    config = ["--config", str(ROOT / "gunicorn.conf.py")]
    for environ in ({}, {"WEBSITE_SITE_NAME": "site"}):
        with gunicorn([*config, "main:app"], environ, cwd=tmp_path) as server:
            status, body, _ = server.get("/x", forged)
        assert (status, body.split()) == (200, ['["127.0.0.1","http","good",""]'])


# --- load ---------------------------------------------------------------------------------------


def test_no_failure_when_clients_wait_two_seconds() -> None:
    """gunicorn's own keep-alive of 2 s loses every seventh of these requests to a closed connection."""
    app, generator = cores()
    with gunicorn(environ={"GUNICORN_WORKERS": "3"}, pin=app) as server:
        result = locust(server.url, WAITING, 60, 8, pin=generator)
    assert result.requests > 180
    assert result.failures == 0


def test_the_header_costs_little(conf: Conf) -> None:
    """CPU time that it adds, without the network and so exact to a µs, against that of a whole request."""
    app, generator = cores()
    with gunicorn(environ={"GUNICORN_WORKERS": "2"}, pin=app) as server:
        before = server.cpu_seconds()
        result = locust(server.url, HELLO, 18, 2, pin=generator)
        whole = (server.cpu_seconds() - before) / result.requests
    cfg = Config()
    timed = conf({"SERVER_TIMING": "true"}).with_server_timing(hello, cfg)
    assert respond(timed, cfg).count(b"Server-Timing: app;dur=") == 1
    added = statistics.median(cpu_time(timed, cfg) - cpu_time(hello, cfg) for _ in range(40))
    assert 0 < added <= 0.05 * whole


def hello(_environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "3")])
    return [b"ok\n"]


def respond(app: Callable[..., Any], cfg: Config) -> bytes:
    """What gunicorn sends for a request to an app."""
    request = SimpleNamespace(version=(1, 1), method="GET", headers=[], should_close=lambda: True)
    sent: list[bytes] = []
    response = Response(request, SimpleNamespace(sendall=sent.append), cfg)
    for part in app({}, response.start_response):
        response.write(part)
    response.close()
    return b"".join(sent)


def cpu_time(app: Callable[..., Any], cfg: Config) -> float:
    """CPU seconds of a request, without the network."""
    begin = time.thread_time()
    for _ in range(500):
        respond(app, cfg)
    return (time.thread_time() - begin) / 500
