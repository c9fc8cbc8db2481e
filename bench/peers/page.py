"""Writes docs/peers.md: the tables from the figures, and in words what they mean."""

from __future__ import annotations

import shlex
import statistics
from collections.abc import Callable, Iterable
from typing import Any

from bench.peers.rounds import versions
from bench.peers.servers import PEERS, STACK
from bench.peers.words import COSTS, HANGS, OF, THIS, WAVES
from bench.report import runs, table

Row = dict[str, Any]

AHEAD = 1.05  # less is within what the rounds differ by
INTRODUCTION = """# Beside other servers

`make bench ARGS=peers` measures all of this in about 7 minutes on two free cores, and writes this page. One Flask
app, [`served.py`](../bench/peers/served.py), under each server in turn, in rounds of shuffled order: the server with
all its processes on one core, `wrk` on the other, a second of warm-up first. Each server has 18 requests at a time
where it knows such a number, and no access log. Of several figures in a cell each is from one round; the smallest
comes first. × is the median of the ratios to this stack in the same round.

gunicorn is here because it is what App Service's built-in Python image starts: it is there, and waits to be
configured. Any other server is a line in `requirements.txt` and one in "Startup Command" away, and some of them are
ahead: those with a parser in C or Rust, and those that do less.
"""


def ratio(row: Row, ours: Row, name: str) -> float:
    """Return the median of the ratios of the rounds."""
    return statistics.median(float(one / other) for one, other in zip(row[name], ours[name], strict=True))


def rates(rows: list[Row], ours: Row) -> str:
    """Requests per second; of the route that waits also how long most take."""

    def cells(row: Row) -> Iterable[str]:
        for clients in (18, 36):
            yield runs(row[f"io{clients}_rps"])
            yield runs(row[f"io{clients}_p95_ms"])
        for name in ("kept_rps", "closed_rps", "large_rps"):
            yield f"{runs(row[name])}; {ratio(row, ours, name):.2f} ×"

    head = ["server", "100 ms, 18 clients", "p95 ms", "36 clients", "p95 ms", "hello, kept", "not kept", "5 MB"]
    return table(head, ([row["server"], *cells(row)] for row in rows))


def costs(rows: list[Row], ours: Row) -> str:
    """CPU time of the process tree for each hello, and its memory."""

    def cells(row: Row) -> Iterable[str]:
        for name in ("kept_cpu_us", "closed_cpu_us"):
            yield f"{runs(row[name])}; {ratio(row, ours, name):.2f} ×"
        yield from (runs(row["idle_mb"]), runs(row["loaded_mb"]))

    head = ["server", "CPU µs, kept", "CPU µs, not kept", "idle MB", "loaded MB"]
    return table(head, ([row["server"], *cells(row)] for row in rows))


def faults(rows: list[Row]) -> str:
    """What somebody sees while others hang, or send half a head."""

    def cells(row: Row) -> Iterable[str]:
        yield f"{sum(row['hang_answered'])} of {sum(row['hang_asked'])}"
        late = [each for each in row["hang_longest_ms"] if each is not None]
        yield f"{max(late):,.0f}" if late else ""
        (first,) = row["head_first_s"]
        yield "none in 12 s" if first is None else f"{first:.1f} s"

    head = ["server", "17 requests hang: answered within 1 s", "longest ms", "18 half heads: first answer after"]
    return table(head, ([row["server"], *cells(row)] for row in rows))


def commands() -> str:
    """What was started; the address, the app and what turns access logs off are left out."""
    head = ["server", "version", "command", "so its slots are", "documented"]
    return table(
        head,
        (
            [
                peer.name,
                versions(peer),
                f"`{shlex.join(peer.command)}`",
                peer.slots,
                f"[here]({peer.source})",
            ]
            for peer in PEERS
        ),
    )


def ahead(rows: list[Row], ours: Row, name: str, better: Callable[[float], float]) -> str:
    """Name the servers that are better than this stack in a figure, the best first, with how much."""
    found = {row["server"]: better(ratio(row, ours, name)) for row in rows if row["server"] != STACK}
    best = sorted(((value, server) for server, value in found.items() if value > AHEAD), reverse=True)
    return ", ".join(f"{server} {value:.1f} ×" for value, server in best) or "none"


def comparison(rows: list[Row], ours: Row) -> str:
    """Say who is ahead of this stack, and by how much."""

    def less(value: float) -> float:
        return 1 / value

    def more(value: float) -> float:
        return value

    wanted = [
        ("hello on kept connections, requests/s", "kept_rps", more),
        ("hello on new connections, requests/s", "closed_rps", more),
        ("100 ms, 18 clients, requests/s", "io18_rps", more),
        ("100 ms, 36 clients, requests/s", "io36_rps", more),
        ("5 MB, responses/s", "large_rps", more),
        ("memory when idle, so many times less", "idle_mb", less),
    ]
    return table(
        ["in", "ahead of this stack, of those measured"],
        ([title, ahead(rows, ours, name, better)] for title, name, better in wanted),
    )


def render(section: dict[str, Any]) -> str:
    """Return the page for what was measured."""
    rows = [row for row in section["rows"] if "missing" not in row]
    by_name = {row["server"]: row for row in rows}
    ours = by_name[STACK]
    left_out = [f"{row['server']}: not measured: {row['missing']}.\n" for row in section["rows"] if "missing" in row]
    failed = [f"{row['server']} {sum(row['failures']):.0f}" for row in rows if sum(row["failures"])]
    others = max(one for row in rows for one in row["others"])
    parts = [
        INTRODUCTION,
        "## Requests per second\n",
        rates(rows, ours),
        *left_out,
        f"{WAVES} Failed under load: {', '.join(failed) or 'none'}.\n",
        "## What a request and a process cost\n",
        costs(rows, ours),
        COSTS.format(others=others) + "\n",
        "## Requests that hang, and clients that stop half-way\n",
        faults(rows),
        HANGS + "\n",
        "## Who is ahead, and when to take them\n",
        comparison(rows, ours),
        "\n".join(f"* **{name}**: {text}" for name, text in OF.items()) + "\n",
        THIS + "\n",
        "## What was started\n",
        commands(),
        f"Rounds: {len(ours['others'])}. {section['date']}, {section['machine']}\n",
    ]
    return "\n".join(parts)
