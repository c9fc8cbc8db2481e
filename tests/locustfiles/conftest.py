"""Real gunicorn and real Locust with the analysis, for its tests."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bench import server
from bench.server import ROOT, Server, clean_environ, cores

LOCUSTFILES = ROOT / "locustfiles"
HERE = Path(__file__).parent


def fetch(url: str, data: bytes | None = None) -> Any:
    with urllib.request.urlopen(url, data=data, timeout=5) as answer:
        return json.loads(answer.read())


def answers(url: str) -> bool:
    with urllib.request.urlopen(url, timeout=2) as answer:
        return bool(answer.status == 200)


@contextlib.contextmanager
def gunicorn(workers: int, threads: int, *args: str, pinned: bool = True, **env: str) -> Iterator[Server]:
    """Run gunicorn with this project's configuration and its header, on one core (or all)."""
    environ = {"GUNICORN_WORKERS": str(workers), "GUNICORN_THREADS": str(threads), "SERVER_TIMING": "true"}
    with server.gunicorn(args, environ | env, pin=cores()[0] if pinned else None) as running:
        yield running


@dataclass(frozen=True)
class Run:
    """A Locust run that has ended."""

    code: int
    output: str
    analysis: dict[str, Any]

    @property
    def verdict(self) -> str:
        code: str = self.analysis["verdict"]["code"]
        return code


def locust_line(scenario: str | Path, *args: str) -> list[str]:
    """Locust on a core of its own where there is one, so that it does not compete with the app."""
    path = LOCUSTFILES / scenario  # an absolute scenario stays as it is
    pin = cores()[1]
    taskset = ["taskset", "--cpu-list", str(min(pin))] if pin else []
    return [*taskset, sys.executable, "-m", "locust", "--locustfile", str(path), *args]


def locust_environ(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    return clean_environ({"PYTHONPATH": str(LOCUSTFILES), "PYTHONUNBUFFERED": "1"} | dict(extra or {}))


def locust(
    scenario: str | Path,
    url: str,
    *args: str,
    users: int = 36,
    seconds: float = 6,
    env: Mapping[str, str] | None = None,
) -> Run:
    """Run Locust headless to its end."""
    out = Path(os.environ["PYTEST_TMP"]) / f"analysis-{time.monotonic_ns()}.json"
    load = ["--headless", "--users", str(users), "--spawn-rate", "100", "--run-time", f"{seconds:g}s", "--host", url]
    done = subprocess.run(
        locust_line(scenario, *load, "--exit-code-on-error", "0", "--analysis-json", str(out), *args),
        env=locust_environ(env),
        cwd=out.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds + 60,
        check=False,
    )
    return Run(done.returncode, done.stdout, json.loads(out.read_text()) if out.exists() else {})


@pytest.fixture(autouse=True)
def _tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_TMP", str(tmp_path))
