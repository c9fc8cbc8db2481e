"""What one Locust counted of a run, as one line of JSON: for engines that know nothing of each other.

Azure Load Testing starts Locusts that have neither a master nor workers, and a log is all that is left of each. With
`--print-tally` each prints such a line, and explain_merge makes one analysis of them.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass, fields
from typing import Any

from explain_types import SCHEMA

FORM = 2  # of the line; 1 knew nothing of instances
MARK = '{"explain_tally": '


@dataclass(frozen=True)
class Engine:
    """One Locust's part of a run: a single process, or a master with all that its workers counted.

    Attributes:
        engine: its name, another one for each process.
        locust: its version.
        schema: of its analysis.
        host: what it put under load; None where the scenario says it.
        begun: when its window began, in s since 1970, by its machine's clock.
        seconds: how long the window was.
        start_s: how long its test had been running then.
        users: all of its own.
        memory_mb, paced_rps: as for `analyse`.
        loads: of its processes, each as a list.
        first: its test's first requests, each as a list.
        tally, others: what it counted in the window and besides, as they travel.
        total_seconds: from the end of the first ramp to the end of the test.
    """

    engine: str
    locust: str
    schema: int
    host: str | None
    begun: float
    seconds: float
    start_s: float
    users: int
    memory_mb: float | None
    paced_rps: float | None
    loads: list[list[Any]]
    first: list[list[Any]]
    tally: dict[str, Any]
    others: list[Any]
    total_seconds: float

    def line(self) -> str:
        """Return the line. The sum in it tells a line that was cut off or changed from one that is whole."""
        body = compact(asdict(self))
        return f'{MARK}{FORM}, "crc32": {zlib.crc32(body.encode())}, "engine": {body}}}'


def compact(value: object) -> str:
    """Return a value as JSON, the same text for the same value."""
    return json.dumps(value, separators=(",", ":"))


def engine_in(text: str) -> Engine | None:
    """Return what a line of a log says, whatever stands before and after it; None if it is no such line.

    Raises:
        ValueError: it is one, and cannot be read; with what is wrong, and what was expected.
    """
    place = text.find(MARK)
    if place < 0:
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(text, place)
        form, body = found["explain_tally"], found["engine"]
    except (ValueError, KeyError, RecursionError):
        raise ValueError("cut off or changed: expected the whole line that --print-tally prints") from None
    if form != FORM:
        raise ValueError(f"explain_tally={form!r}: expected {FORM}, the form of the files beside this one")
    if found.get("crc32") != zlib.crc32(compact(body).encode()):
        raise ValueError("cut off or changed: expected the whole line that --print-tally prints")
    if body.get("schema") != SCHEMA:
        raise ValueError(f"schema={body.get('schema')!r}: expected {SCHEMA}, that of the files beside this one")
    return Engine(**{field.name: body[field.name] for field in fields(Engine)})
