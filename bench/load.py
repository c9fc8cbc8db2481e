"""Runs a real Locust, headless, and reads its figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.server import ROOT, clean_environ

SCENARIOS = ROOT / "locustfiles"


@dataclass(frozen=True)
class Load:
    """What a load test measured, its ramp left out.

    Attributes:
        requests: number of requests that were answered.
        failures: those of them that failed.
        seconds: from the first to the last of them.
        times: number of responses by response time in ms, which Locust rounds to two digits.
    """

    requests: int
    failures: int
    seconds: float
    times: Counter[int]

    @property
    def rps(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    def percentile(self, share: float) -> float:
        """Return the response time in ms that `share` (0 to 1) of the responses did not exceed."""
        left = share * sum(self.times.values())
        for ms in sorted(self.times):
            left -= self.times[ms]
            if left <= 0:
                return ms
        return max(self.times)


def parse(text: str) -> Load:
    """Return the figures of Locust's `--json`, over all its rows.

    Raises:
        ValueError: there is no request in it.
    """
    rows: list[dict[str, Any]] = json.loads(text[text.index("[") :])
    if not sum(row["num_requests"] for row in rows):
        raise ValueError("Locust made no request")
    times: Counter[int] = Counter()
    for row in rows:
        times.update({int(float(ms)): count for ms, count in row["response_times"].items()})
    return Load(
        requests=sum(row["num_requests"] for row in rows),
        failures=sum(row["num_failures"] for row in rows),
        seconds=max(row["last_request_timestamp"] for row in rows) - min(row["start_time"] for row in rows),
        times=times,
    )


def options(users: int, seconds: float) -> list[str]:
    """Return Locust's options for a run of which only the time with all users counts."""
    run = ["--headless", "--users", str(users), "--spawn-rate", "1000", "--run-time", f"{seconds:g}s"]
    return [*run, "--reset-stats", "--json", "--exit-code-on-error", "0"]


def locust(
    url: str,
    scenario: Path,
    users: int,
    seconds: float,
    *,
    pin: set[int] | None = None,
    environ: Mapping[str, str] | None = None,
    args: Sequence[str] = (),
) -> Load:
    """Run a scenario against a server on this machine.

    Raises:
        RuntimeError: Locust failed, with what it wrote.
        ValueError: it made no request.
    """
    command = [sys.executable, "-m", "locust", "--locustfile", str(scenario), "--host", url]
    done = subprocess.run(
        [*command, *options(users, seconds), *args],
        env=clean_environ(environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 60,
        preexec_fn=(lambda: os.sched_setaffinity(0, pin)) if pin else None,
    )
    if done.returncode:
        raise RuntimeError(f"locust ended with {done.returncode}:\n{done.stderr}")
    return parse(done.stdout)
