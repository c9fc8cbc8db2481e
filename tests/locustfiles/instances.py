"""Runs of several instances, simulated."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from explain_analysis import analyse
from explain_generator import Load
from explain_record import Record
from explain_server_timing import Origin
from explain_tally import tally_of
from explain_types import Analysis
from tests.locustfiles.simulated import App, Route, Run, none

IO = [Route("GET /", [0.1])]
CPU = [Route("GET /", [("cpu", 0.02)])]


def own(number: int) -> Sequence[Origin]:
    """Instances with a machine each."""
    return [Origin(f"{one:08x}", f"{one + 100:08x}", 1) for one in range(1, number + 1)]


def together(number: int, cores: int = 1) -> Sequence[Origin]:
    """Instances on the same cores of one machine."""
    return [Origin(f"{one:08x}", "cafe0000", cores) for one in range(1, number + 1)]


def records_of(
    app: App, users: int, seconds: float = 20.0, seed: int = 3, think: Callable[[random.Random], float] = none
) -> list[Record]:
    run = Run(app, users, think, seed)
    run.run(seconds)
    return run.records


def analysed(records: Iterable[Record], users: int, seconds: float = 20.0) -> Analysis:
    ordered = sorted(records, key=lambda record: record.at)
    return analyse(tally_of(ordered), users, seconds, [Load(seconds=seconds, cpu_seconds=2)])


def moved(records: Iterable[Record], later: float = 0.0, pid: int = 0, **timing: Any) -> list[Record]:
    """The same requests so much later, answered by others."""
    found = []
    for record in records:
        assert record.timing
        changed = record.timing._replace(pid=record.timing.pid + pid, **timing)
        found.append(record._replace(at=record.at + later, timing=changed))
    return found
