"""Kept connections, and a connection for each request, under wrk: this stack beside bare gunicorn."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import click

from tests.bed.cores import cores
from tests.bed.gunicorn import gunicorn
from tests.bed.wrk import wrk

ROUNDS, SECONDS, CONNECTIONS = 5, 3, 36
SIZE = ["--workers", "3", "--threads", "6", "app:app"]

# name: (without this stack's configuration, more of the command line)
SERVERS: dict[str, tuple[bool, list[str]]] = {
    "bare gunicorn": (True, []),
    "bare gunicorn, `keepalive = 0`": (True, ["--keep-alive", "0"]),
    "this stack": (False, []),
}
# name: (server, a connection for each request, path)
CELLS: dict[str, tuple[str, bool, str]] = {
    "hello, kept: bare gunicorn": ("bare gunicorn", False, "/healthz"),
    "hello, kept: this stack": ("this stack", False, "/healthz"),
    "hello, not kept: bare gunicorn, `keepalive = 0`": ("bare gunicorn, `keepalive = 0`", True, "/healthz"),
    "hello, not kept: this stack": ("this stack", True, "/healthz"),
    "100 ms, kept: bare gunicorn": ("bare gunicorn", False, "/io?ms=100"),
    "100 ms, kept: this stack": ("this stack", False, "/io?ms=100"),
}


def keepalive() -> list[dict[str, Any]]:
    """Throughput, the slowest requests and CPU per request, in rounds of shuffled order; idle servers cost nothing."""
    rows: dict[str, dict[str, Any]] = {name: {"cell": name, "rps": [], "p99_ms": [], "cpu_us": []} for name in CELLS}
    generator = random.Random(0)
    with contextlib.ExitStack() as stack:
        servers = {
            name: stack.enter_context(gunicorn([*more, *SIZE], bare=bare, pin=cores()[0]))
            for name, (bare, more) in SERVERS.items()
        }
        for _ in range(ROUNDS):
            for name in generator.sample(list(CELLS), len(CELLS)):
                click.echo(f"  {name}", err=True)
                which, closing, path = CELLS[name]
                server = servers[which]
                before = server.cpu_seconds()
                found = wrk(server.url + path, CONNECTIONS, SECONDS, close=closing)
                used = server.cpu_seconds() - before
                rows[name]["rps"].append(round(found.rps, 1))
                rows[name]["p99_ms"].append(round(found.p99, 1))
                rows[name]["cpu_us"].append(round(used / found.requests * 1e6))
    return list(rows.values())
