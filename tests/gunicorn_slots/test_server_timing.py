"""The Server-Timing header: what it says, what it leaves alone, what it costs."""

from __future__ import annotations

import os
import re
import statistics
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http.wsgi import Response

from gunicorn_slots.held import HeldTime
from gunicorn_slots.server_timing import with_server_timing
from tests.bed.cores import cores
from tests.bed.gunicorn import gunicorn
from tests.bed.locust import HELLO, locust


def test_server_timing_leaves_the_response_alone() -> None:
    cfg = SimpleNamespace(workers=3, threads=6)
    seen: list[Any] = []
    error = (ValueError, ValueError("x"), None)

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("X", "1"), ("Server-Timing", "db;dur=3")], error)
        return [b"body"]

    wrapped = with_server_timing(app, cfg, "SlotWorker", HeldTime())
    assert wrapped({}, lambda *args: seen.extend(args)) == [b"body"]
    status, headers, exc_info = seen
    assert (status, headers[:2], exc_info) == ("200 OK", [("X", "1"), ("Server-Timing", "db;dur=3")], error)
    pattern = (
        r'app;dur=\d+\.\d, cpu;dur=\d+\.\d, gunicorn;desc="pid=(\d+) workers=3 threads=6 class=SlotWorker '
        r"vcpu=\d+ instance=[0-9a-f]{8}(?: machine=[0-9a-f]{8} cores=[0-9a-f]+)? "
        r'cpu=\d+\.\d\d rss=(\d+\.\d) at=0\.\d{3} held=0\.000 requests=0"'
    )
    found = re.fullmatch(pattern, headers[2][1])
    assert found
    assert int(found[1]) == os.getpid()
    assert float(found[2]) > 5


@pytest.mark.alone
def test_the_header_costs_little() -> None:
    """CPU time that it adds, without the network and so exact to a µs, against that of a whole request."""
    app, generator = cores()
    with gunicorn(environ={"GUNICORN_WORKERS": "2"}, pin=app) as server:
        before = server.cpu_seconds()
        result = locust(server.url, HELLO, 18, 2, pin=generator)
        whole = (server.cpu_seconds() - before) / result.requests
    cfg = Config()
    timed = with_server_timing(hello, cfg, "SlotWorker", HeldTime())
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
