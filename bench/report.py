"""Writes docs/benchmarks.md from the figures; tables and where they were measured for the other pages too."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

INTRODUCTION = """# Benchmarks

`make bench` measures all of this and [what other servers do](peers.md) (about 27 minutes, two free cores) and writes
both pages; `make bench ARGS=settings` measures one section. App and Locust run on a core each. Where a cell has several
figures, it was measured so many times, in rounds of shuffled order; the smallest comes first. Ratios hold within a
section only.
"""


def today() -> str:
    """Return the day, as the figures have it."""
    return datetime.datetime.now(datetime.timezone.utc).date().isoformat()


def save(path: Path, figures: dict[str, Any]) -> None:
    """Keep figures, for the page that is written from them."""
    path.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def machine() -> str:
    """Return what the figures were measured on, in one line."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("gunicorn", "flask", "locust"))
    return f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, {versions}"


def fill(page: Path, mark: str, text: str) -> None:
    """Replace what a command has written into a page, between its two marks."""
    begin, end = f"<!-- written by {mark} -->\n", f"<!-- end of {mark} -->\n"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    page.write_text(f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}", encoding="utf-8")


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def runs(values: Iterable[float], digits: int = 0) -> str:
    """Return the repeats of one cell, smallest first."""
    return " · ".join(f"{value:.{digits}f}" for value in sorted(values))


def settings(rows: list[dict[str, Any]]) -> str:
    """Efficiency is the median against what the slots (or users, if fewer) could serve."""
    head = ["setting", "users", "requests/s", "ideal", "slot efficiency", "p95 ms", "failed"]
    return table(
        head,
        (
            [
                row["setting"],
                str(row["users"]),
                runs(row["rps"], 1),
                f"{row['ideal_rps']:.0f}",
                f"{statistics.median(row['rps']) / row['ideal_rps']:.2f}",
                runs(row["p95_ms"]),
                str(row["failures"]),
            ]
            for row in rows
        ),
    )


def policies(rows: list[dict[str, Any]]) -> str:
    """Requests per second for routes, median response time in ms for slow closers."""
    kinds = [kind for kind in rows[0] if kind != "policy"]
    head = [
        "3 × 6 by",
        *(
            f"{kind}, requests/s" if kind.endswith(" ms") and "close" not in kind else f"{kind}, median ms"
            for kind in kinds
        ),
    ]
    text = table(head, ([row["policy"], *(runs(row[kind]) for kind in kinds)] for row in rows))
    return text + "\nAt 0 ms Locust's own core is full too, so that column says only that none is far behind.\n"


def waiting(rows: list[dict[str, Any]]) -> str:
    """Requests and how many of them failed."""
    return table(
        ["3 × 6 by", "requests", "failed"],
        ([row["policy"], str(row["requests"]), str(row["failures"])] for row in rows),
    )


def keepalive(rows: list[dict[str, Any]]) -> str:
    """Throughput, 99th percentile and CPU per request."""
    return table(
        ["36 connections on 3 × 6, unless it says otherwise", "requests/s", "p95 ms", "p99 ms", "CPU µs per request"],
        (
            [row["cell"], runs(row["rps"]), runs(row["p95_ms"]), runs(row["p99_ms"]), runs(row["cpu_us"])]
            for row in rows
        ),
    )


def header(rows: list[dict[str, Any]]) -> str:
    """Throughput, and CPU time for each request."""
    off, on = rows
    ratio = statistics.median(on["rps"]) / statistics.median(off["rps"])
    cost = statistics.median(on["cpu_us"]) - statistics.median(off["cpu_us"])
    text = table(
        ["SERVER_TIMING", "requests/s", "CPU µs per request"],
        ([row["SERVER_TIMING"], runs(row["rps"]), runs(row["cpu_us"])] for row in rows),
    )
    return text + f"\nWith the header {ratio:.2f} of the throughput, for {cost:.0f} µs of CPU more per request.\n"


def memory(rows: list[dict[str, Any]]) -> str:
    """PSS of the tree."""
    return table(
        ["preload_app", "1, 2, 3, 5 workers: MB", "each further worker: MB"],
        (
            [row["preload_app"], ", ".join(map(str, row["workers_1_2_3_5_mb"])), str(row["each_further_mb"])]
            for row in rows
        ),
    )


def image(rows: list[dict[str, Any]]) -> str:
    """Size and start."""
    (row,) = rows
    return table(
        ["above the base image, MB", "`docker run` to the first 200, s"],
        [[str(row["above_base_mb"]), runs(row["first_200_s"], 2)]],
    )


def open_load(rows: list[dict[str, Any]]) -> str:
    """Percentiles by both generators, how far they are apart, and the stall."""
    *calm, stall = rows
    head = [
        "arrivals/s",
        "of the slots",
        "Locust, p50 · p95 · p99 ms",
        "the other generator",
        "apart, %",
        "users at a time",
    ]
    text = table(
        head,
        (
            [
                str(row["rate"]),
                f"{row['rate'] * 0.1 / 18:.0%}",
                times(row["locust"]),
                times(row["other"]),
                " · ".join(
                    f"{100 * (mine / other - 1):+.1f}" for mine, other in zip(row["locust"], row["other"], strict=True)
                ),
                str(row["users"]),
            ]
            for row in calm
        ),
    )
    rows_of_stall = [["arrivals", stall["locust"]], ["arrivals, the other generator", stall["other"]]]
    rows_of_stall.append([f"{stall['users']} users who wait", stall["closed"]])
    text += (
        "\nThe other generator goes first each time, at a gunicorn that has just started; 1 % are 8 to 23 requests.\n"
    )
    text += "\nA second in which nothing answers, in 15 s of 48 requests/s that take 40 ms:\n\n"
    return text + table(["load", "p50 · p95 · p99 ms"], ([name, times(values)] for name, values in rows_of_stall))


def times(values: list[float]) -> str:
    """Return percentiles, in their order."""
    return " · ".join(f"{value:.0f}" for value in values)


SECTIONS = {
    "settings": ("The problem and the fix: a route that waits 100 ms", settings),
    "policies": ("Ways to make slots exact, 36 clients", policies),
    "waiting": ("Requests lost: 60 users POST, wait 2.0 s and POST again, for 30 s", waiting),
    "keepalive": ("Kept connections under wrk", keepalive),
    "header": ("What the Server-Timing header costs: a hello route, 36 users", header),
    "memory": ("Memory of the sample app, whole process tree (PSS)", memory),
    "image": ("Image and start", image),
    "open": (
        "Load that does not wait for answers, 3 × 6 and 100 ms a request: two generators at the same moments",
        open_load,
    ),
}


def render(figures: dict[str, Any]) -> str:
    """Return the page for all sections that were measured."""
    parts = [INTRODUCTION]
    for name, (title, render_rows) in SECTIONS.items():
        if name in figures:
            section = figures[name]
            parts.append(f"## {title}\n\n{render_rows(section['rows'])}\n{section['date']}, {section['machine']}\n")
    return "\n".join(parts)
