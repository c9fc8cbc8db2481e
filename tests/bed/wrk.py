"""Runs wrk to its end: a load generator that itself needs little CPU, for what Locust's own core would limit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bed.cores import cores
from tests.bed.programs import ended

WRK = shutil.which("wrk")
REPORT = Path(__file__).parent / "wrk.lua"
TIMEOUT = 10  # s; its own 2 s would make a failure of a long wait


@dataclass(frozen=True)
class Answers:
    """What wrk measured.

    Attributes:
        requests: how many were answered in full.
        seconds: from its start to its end.
        bytes: of all answers, heads included.
        failures: connections that broke, answers of 400 and above, and what was not answered in time.
        mean, p50, p95, p99: of the response times, in ms.
    """

    requests: int
    seconds: float
    bytes: int
    failures: int
    mean: float
    p50: float
    p95: float
    p99: float

    @property
    def rps(self) -> float:
        return self.requests / self.seconds


def parse(text: str) -> Answers:
    """Return the figures that REPORT had wrk write at its end.

    Raises:
        ValueError: they are not there, or there was no answer.
    """
    lines = [line for line in text.splitlines() if line.startswith("{")]
    if not lines:
        raise ValueError(f"wrk wrote no figures: {text!r}")
    answers = Answers(**json.loads(lines[-1]))
    if not answers.requests:
        raise ValueError(f"wrk got no answer in {answers.seconds:.0f} s")
    return answers


def wrk(url: str, connections: int, seconds: int, *, close: bool = False, also: Sequence[str] = ()) -> Answers:
    """Request an address over and over, on the load's core.

    Args:
        url: what to request.
        connections: how many clients; each asks again as soon as it has its answer.
        seconds: how long.
        close: ask the server to close each connection after its response.
        also: more paths, which are requested in turns with that of the address.

    Raises:
        RuntimeError: wrk failed, with what it wrote.
        ValueError: it got no answer.
    """
    assert WRK
    options = ["-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", f"{TIMEOUT}s"]
    headers = ["-H", "Connection: close"] if close else []
    done = ended([WRK, *options, *headers, "-s", str(REPORT), url, "--", *also], pin=cores()[1], seconds=seconds + 60)
    if done.returncode:
        raise RuntimeError(f"wrk ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return parse(done.stdout)
