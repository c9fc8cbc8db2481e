"""What the tests of faults share: whom they try it on, how long, and the table that they fill."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.bed.cores import cores
from tests.bed.gunicorn import Server, gunicorn
from tests.bed.waiting import wait_for
from tests.resilience.rows import BARE, STACK, Row

# `make resilience` sets both. Without it the same is asserted in shorter windows, and bare gunicorn is left out.
FULL = os.environ.get("RESILIENCE") == "full"
RECORDED = os.environ.get("RESILIENCE_ROWS")  # the file that takes what the tests record

FAULTY = "tests.resilience.faulty:app"

Record = Callable[..., None]
Serve = Callable[..., contextlib.AbstractContextManager[Server]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "who" in metafunc.fixturenames:
        compared = FULL and "record" in metafunc.fixturenames
        metafunc.parametrize("who", [STACK, BARE] if compared else [STACK])


@pytest.fixture
def record(record_property: Callable[[str, object], None]) -> Record:
    """Notes a row of the table with the test, wherever that runs."""

    def note(fault: str, who: str, sent: int, lost: int, text: str = "") -> None:
        record_property("row", asdict(Row(fault, who, sent, lost, text)))

    return note


@pytest.fixture
def serve(who: str) -> Serve:
    """Starts 3 × 6 of this stack, or of bare gunicorn."""

    @contextlib.contextmanager
    def start(app: str = "app:app", environ: Mapping[str, str] | None = None, *args: str) -> Iterator[Server]:
        size = ["--workers", "3", "--threads", "6"]
        with gunicorn([*size, *args, app], environ, bare=who == BARE, pin=cores()[0]) as server:
            wait_for(lambda: len(server.workers()) == 3, 10, "three workers")
            yield server
            if who == BARE and server.process.poll() is None:
                # What hangs in it would hold up its end for graceful_timeout.
                workers = server.workers()
                server.process.kill()
                for worker in workers:
                    worker.kill()

    return start


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for some in terminalreporter.stats.values() for report in some]
    calls = [report for report in reports if getattr(report, "when", None) == "call"]
    rows = [row for report in calls for name, row in report.user_properties if name == "row"]
    if rows and RECORDED:
        Path(RECORDED).write_text(json.dumps(rows), encoding="utf-8")
    elif rows:
        sent = ", ".join(f"{row['fault']} {row['lost']} of {row['sent']}" for row in rows)
        terminalreporter.write_line(f"requests lost of sent: {sent}")
