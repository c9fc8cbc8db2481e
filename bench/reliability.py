"""What each fault does to this stack, and to bare gunicorn: `python -m bench.reliability [PYTEST'S ARGUMENTS]`.

Runs tests/resilience at full length, and writes what the tests recorded into the table of docs/reliability.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import bench
from bench.report import fill, machine, save, table, today
from tests.bed import ROOT
from tests.resilience.rows import BARE, STACK, Row

PAGE = bench.DOCS / "reliability.md"
FIGURES = bench.FIGURES / "reliability.json"
MARK = "make resilience"

# In the table's order. Key: (fault, promise).
FAULTS = {
    "hup": ("HUP, ten times", "no failed request"),
    "recycled": ("workers recycled by `max_requests` 100 with jitter", "no failed request"),
    "ttin": ("TTIN, TTOU: from 3 workers to 5 and back to 2", "no failed request"),
    "stop": ("SIGTERM, as by `docker compose stop`", "what was sent before it is answered in full; exit status 0"),
    "stop5": ("`docker compose stop app`, 5 s of grace as on App Service", "the same, within the grace"),
    "restart": ("`docker compose restart app`, under Locust's UI", "the UI stays; its test goes on by itself"),
    "recreated": ("`up -d app` with another setting, under Locust's UI", "the UI stays; its test goes on by itself"),
    "worker": (
        "`kill -9` of a worker",
        "at most its own 6 requests fail, and what came to it in the last 10 ms; a new one within 2 s",
    ),
    "arbiter": ("`kill -9` of the arbiter", "the container is healthy again within 10 s"),
    "orphans": ("the same without a container", "workers answer what was sent before, and end"),
    "streams-hup": ("HUP with an endless response in each worker", "all slots serve on, and the responses go on"),
    "streams-hang": ("then three requests hang", "the same, and a new worker takes their place"),
    "streams-kill": ("then `kill -9` of a worker", "the same; a new one within 2 s"),
    "streams-recycled": ("`max_requests` 30 with an endless response in each worker", "the others are answered"),
    "streams-ttou": ("TTOU, TTIN with an endless response in each worker", "all slots serve on"),
    "streams-stop": ("SIGTERM with an endless response in each worker", "stopped after `graceful_timeout`, here 2 s"),
    "streams-quit": ("SIGQUIT with an endless response in each worker", "stopped within 2 s"),
    "streams-reload": ("`--reload` with an endless response", "new code at once"),
    "hang1": ("one request hangs", "the other slots serve on; its slot comes back"),
    "hang17": ("17 requests hang", "the other slot serves on; the 17 come back"),
    "memory": ("memory limit reached by one worker", "the others serve on; the log says what to set"),
    "silent": ("100 silent connections", "p95 of the others grows by less than 20 %"),
    "head": ("half a header, 18 connections", "slots come back in `SLOT_HEAD_SECONDS`"),
    "drip": ("a byte of a header per 0.3 s, 18 connections", "slots come back in `SLOT_HEAD_SECONDS`"),
    "body": ("a body that never comes, 18 connections", "slots come back in `SLOT_BODY_SECONDS`"),
    "reader": ("18 clients who never read their response", "slots come back in `SLOT_REQUEST_SECONDS`"),
    "front": (
        "nginx in front that keeps its connections; HUPs, `max_requests` 500, pauses around the idle time",
        "no 502, nothing sent twice",
    ),
    "pauses": (
        "60 users who POST, wait as long as connections are kept, and POST again",
        "no failed request",
    ),
    "churn": (
        "36 clients who connect, are kept or not, and leave politely or not, for 150 s",
        "no failed request; descriptors, threads and memory as before",
    ),
    "bad": (
        "beyond the limits, smuggling attempts (`BAD` in `test_requests.py`)",
        "4xx or closed, and nothing behind it is read",
    ),
    "fuzz": ("random and mutated requests", "4xx or closed; no 5xx, no traceback, no lost worker"),
    "backlog": ("2,000 connections at once, backlog of 512", "nobody served twice or half; it recovers by itself"),
    "full": ("disk and `/dev/shm` full, root read-only", "runs on"),
}


def render(rows: list[Row], line: str) -> str:
    """Return the table, and below it when and where it was measured."""
    cells = {(row.fault, row.who): row for row in rows}

    def cell(fault: str, who: str) -> str:
        row = cells.get((fault, who))
        if row is None:
            return ""
        return f"{row.lost} of {row.sent:,}" + (f"; {row.note}" if row.note else "")

    head = ["fault", "promise", "this stack: lost of sent", "bare gunicorn: lost of sent"]
    found = [
        [text, promise, cell(fault, STACK), cell(fault, BARE)]
        for fault, (text, promise) in FAULTS.items()
        if (fault, STACK) in cells
    ]
    return f"{table(head, found)}\n{line}\n"


def write(rows: list[Row]) -> str:
    """Keep the rows, next to those of faults that were not tried this time; return the page's table."""
    figures = load()
    merged = {(row.fault, row.who): row for row in [*(Row(**row) for row in figures["rows"]), *rows]}
    line = f"{today()}, {machine()}"
    save(FIGURES, figures | {"measured": line, "rows": [asdict(row) for row in merged.values()]})
    text = render(list(merged.values()), line)
    fill(PAGE, MARK, text)
    return text


def load() -> dict[str, Any]:
    """Return the figures behind the page: when and where, the `rows` of faults, the `mutants` and what failed."""
    found: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return found


def main(argv: Sequence[str]) -> int:
    """Run the tests, write what they recorded, and return pytest's exit status."""
    with tempfile.TemporaryDirectory() as folder:
        recorded = Path(folder) / "rows.json"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "tests/resilience", *argv],
            cwd=ROOT,
            env=os.environ | {"RESILIENCE": "full", "RESILIENCE_ROWS": str(recorded)},
            check=False,
        )
        rows = json.loads(recorded.read_text(encoding="utf-8")) if recorded.exists() else []
    if rows:
        print(write([Row(**row) for row in rows]))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
