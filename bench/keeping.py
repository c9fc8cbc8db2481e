"""Kept connections, and a connection for each request, under wrk: this stack beside bare gunicorn."""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass
from typing import Any

import click

from tests.bed import clients
from tests.bed.cores import cores
from tests.bed.gunicorn import gunicorn
from tests.bed.wrk import wrk

ROUNDS, SECONDS = 5, 3
HELLO, WAITING, BRIEF = "/healthz", "/io?ms=100", "/io?ms=10"

# name: (without this stack's configuration, workers, threads, more of the command line)
SERVERS: dict[str, tuple[bool, int, int, list[str]]] = {
    "bare gunicorn": (True, 3, 6, []),
    "bare gunicorn, `keepalive = 0`": (True, 3, 6, ["--keep-alive", "0"]),
    "this stack": (False, 3, 6, []),
    "this stack, 2 × 9": (False, 2, 9, []),
    "this stack, 1 × 18": (False, 1, 18, []),
}


@dataclass(frozen=True)
class Cell:
    """What is measured.

    Attributes:
        what: how it is called, before the server's name.
        server: one of SERVERS.
        paths: what is requested, in turns.
        connections: how many clients ask, each again as soon as it has its answer.
        idle: how many more are kept and say nothing.
        close: whether each request has a connection of its own.
    """

    what: str
    server: str = "this stack"
    paths: tuple[str, ...] = (WAITING,)
    connections: int = 36
    idle: int = 0
    close: bool = False

    @property
    def name(self) -> str:
        return f"{self.what}: {self.server}"


CELLS = [
    Cell("hello, kept", "bare gunicorn", (HELLO,)),
    Cell("hello, kept", "this stack", (HELLO,)),
    Cell("hello, not kept", "bare gunicorn, `keepalive = 0`", (HELLO,), close=True),
    Cell("hello, not kept", "this stack", (HELLO,), close=True),
    Cell("100 ms, 36 kept", "bare gunicorn"),
    Cell("100 ms, 36 kept"),
    Cell("100 ms, 36 kept", "this stack, 2 × 9"),
    Cell("100 ms, 36 kept", "this stack, 1 × 18"),
    Cell("100 ms, 36 kept beside 164 idle ones", idle=164),
    Cell("100 ms, 36 not kept", close=True),
    Cell("100 ms, 18 kept", connections=18),
    Cell("100 ms, 18 not kept", connections=18, close=True),
    Cell("100 and 10 ms in turns, 36 kept", paths=(WAITING, BRIEF)),
    Cell("100 and 10 ms in turns, 36 not kept", paths=(WAITING, BRIEF), close=True),
]


def keepalive() -> list[dict[str, Any]]:
    """Throughput, the slowest requests and CPU per request, in rounds of shuffled order; idle servers cost nothing."""
    rows: dict[Cell, dict[str, Any]] = {
        cell: {"cell": cell.name, "rps": [], "p95_ms": [], "p99_ms": [], "cpu_us": []} for cell in CELLS
    }
    generator = random.Random(0)
    with contextlib.ExitStack() as stack:
        servers = {
            name: stack.enter_context(
                gunicorn(
                    [*more, "--workers", str(workers), "--threads", str(threads), "app:app"],
                    bare=bare,
                    pin=cores()[0],
                )
            )
            for name, (bare, workers, threads, more) in SERVERS.items()
        }
        for _ in range(ROUNDS):
            for cell in generator.sample(CELLS, len(CELLS)):
                click.echo(f"  {cell.name}", err=True)
                server = servers[cell.server]
                with clients.unread(server.port, cell.idle, HELLO):
                    before = server.cpu_seconds()
                    first, *also = cell.paths
                    found = wrk(server.url + first, cell.connections, SECONDS, close=cell.close, also=also)
                    used = server.cpu_seconds() - before
                rows[cell]["rps"].append(round(found.rps, 1))
                rows[cell]["p95_ms"].append(round(found.p95, 1))
                rows[cell]["p99_ms"].append(round(found.p99, 1))
                rows[cell]["cpu_us"].append(round(used / found.requests * 1e6))
    return list(rows.values())
