"""Kept connections, and a connection for each request, under wrk: this stack beside bare gunicorn."""

from __future__ import annotations

import contextlib
import random
import re
import subprocess
from typing import Any

import click

from tests.bed.cores import cores
from tests.bed.gunicorn import gunicorn
from tests.bed.programs import pinned

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
FIGURE = {"rps": r"Requests/sec: +([0-9.]+)()", "p99_ms": r" 99% +([0-9.]+)(us|ms|s)"}
MS = {"": 1.0, "us": 1e-3, "ms": 1.0, "s": 1e3}


def wrk(url: str, closing: bool) -> dict[str, float]:
    """Run wrk on the load's core; return requests per second, and the 99th percentile in ms."""
    head = ["-H", "Connection: close"] if closing else []
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", *head, url]
    done = subprocess.run(pinned(command, cores()[1]), capture_output=True, text=True, check=True, timeout=60)
    found = {name: re.search(pattern, done.stdout) for name, pattern in FIGURE.items()}
    return {name: float(one[1]) * MS[one[2]] for name, one in found.items() if one}


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
                found = wrk(server.url + path, closing)
                used = server.cpu_seconds() - before
                rows[name]["rps"].append(round(found["rps"], 1))
                rows[name]["p99_ms"].append(round(found["p99_ms"], 1))
                rows[name]["cpu_us"].append(round(used / (found["rps"] * SECONDS) * 1e6))
    return list(rows.values())
