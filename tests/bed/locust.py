"""Runs a real Locust, headless to its end or in a block, and reads its figures."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess, Popen
from typing import Any

from tests.bed import ROOT, clean_environ, programs
from tests.bed.cores import cores

LOCUSTFILES = ROOT / "locustfiles"
SCENARIOS = Path(__file__).parent / "scenarios"
HELLO = SCENARIOS / "hello.py"  # the cheapest request there is
SHORT = SCENARIOS / "short.py"  # 5 ms in the app
WAITING = SCENARIOS / "waiting.py"  # POST, wait 2.0 s, POST again, on the same connection if the server lets them


def command(scenario: str | Path, *args: str) -> list[str]:
    """Return Locust's command line, for a locustfile by its path, or by its name in locustfiles/."""
    path = LOCUSTFILES / scenario  # an absolute scenario stays as it is
    return [sys.executable, "-m", "locust", "--locustfile", str(path), *args]


def environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    """Return the environment for Locust, in which any scenario finds the analysis."""
    return clean_environ({"PYTHONPATH": str(LOCUSTFILES), "PYTHONUNBUFFERED": "1"} | dict(extra or {}))


def locust_ends(
    scenario: str | Path,
    *args: str,
    environ: Mapping[str, str] | None = None,
    pin: set[int] | None = None,
    cwd: Path | None = None,
    seconds: float = 60,
) -> CompletedProcess[str]:
    """Run Locust to its end, whatever that is; on the load's core by default, so that it leaves the app alone.

    Raises:
        subprocess.TimeoutExpired: it did not end within so many seconds.
    """
    run = command(scenario, *args)
    return programs.ended(run, environment(environ), cwd=cwd, pin=pin or cores()[1], seconds=seconds)


def started(
    scenario: str | Path, *args: str, environ: Mapping[str, str] | None = None, log: Path | None = None
) -> AbstractContextManager[Popen[bytes]]:
    """Run Locust, a worker or one with its web UI, until the block ends; all that it writes goes to `log`."""
    return programs.program(command(scenario, *args), environment(environ), pin=cores()[1], log=log)


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


def headless(users: int, seconds: float) -> list[str]:
    """Return Locust's options for a run without a web UI."""
    return ["--headless", "--users", str(users), "--run-time", f"{seconds:g}s", "--exit-code-on-error", "0"]


def options(users: int, seconds: float) -> list[str]:
    """Return Locust's options for a run of which only the time with all users counts."""
    return [*headless(users, seconds), "--spawn-rate", "1000", "--reset-stats", "--json"]


def locust(
    url: str,
    scenario: str | Path,
    users: int,
    seconds: float,
    *args: str,
    pin: set[int] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Load:
    """Run a scenario against a server on this machine, and return Locust's own figures.

    Raises:
        RuntimeError: Locust failed, with what it wrote.
        ValueError: it made no request.
    """
    load = ["--host", url, *options(users, seconds), *args]
    done = locust_ends(scenario, *load, environ=environ, pin=pin, seconds=seconds + 60)
    if done.returncode:
        raise RuntimeError(f"locust ended with {done.returncode}:\n{done.stderr}")
    return parse(done.stdout)


@dataclass(frozen=True)
class Run:
    """A run of Locust with the analysis, that has ended."""

    code: int
    output: str
    analysis: dict[str, Any]

    @property
    def verdict(self) -> str:
        """The verdict's code."""
        code: str = self.analysis["verdict"]["code"]
        return code


def explained(
    scenario: str | Path,
    url: str,
    *args: str,
    users: int = 36,
    seconds: float = 6,
    environ: Mapping[str, str] | None = None,
) -> Run:
    """Run a scenario that imports `explain`, and return its end and its analysis ({} without one)."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "analysis.json"
        load = [*headless(users, seconds), "--spawn-rate", "100", "--host", url, "--analysis-json", str(out)]
        done = locust_ends(scenario, *load, *args, environ=environ, cwd=out.parent, seconds=seconds + 60)
        analysis = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    return Run(done.returncode, done.stdout + done.stderr, analysis)
