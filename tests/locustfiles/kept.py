"""Runs on one setting or another, and a folder that has them."""

from __future__ import annotations

import functools
import json
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import explain_folder
from explain_before import before
from explain_types import Analysis, Before, Code, CpuTime, RouteFigures, SettingInForce, Verdict
from tests.locustfiles.samples import noisy

BEGUN = datetime(2026, 11, 26, 9, 30).astimezone()
ASKED = {
    "form": 1,
    "started": BEGUN.isoformat(timespec="seconds"),
    "scenario": "mixed",
    "host": "http://app:8000",
    "locust": "2.47.0",
    "options": {"spawn_rate": "100.0", "run_time": "30", "paths": "/"},
    "fingerprint": "0123456789abcdef",
}


@functools.lru_cache
def figures(seed: int, mean_ms: float, seconds: int, failing: float) -> Analysis:
    return noisy(seed, mean_ms, failing, seconds)


NO_TIMES = RouteFigures("GET /", 0, 0, None, None, None, None, None, None, None, None)


def seen(
    workers: int,
    threads: int,
    seed: int = 1,
    mean_ms: float = 50.0,
    seconds: int = 20,
    failing: float = 0.0,
    worker_class: str = "SlotWorker",
    code: Code = "slots",
) -> Analysis:
    """A run of 6 users on a setting."""
    found = figures(seed, mean_ms, seconds, failing)
    return replace(
        found,
        routes=(replace(NO_TIMES, requests=found.load.requests, failures=found.load.failures),),
        setting=SettingInForce(workers, threads, workers * threads, worker_class, 1, 1),
        verdict=Verdict(code, "", ""),
        cpu_ms=CpuTime(1.0),
    )


def keep(place: Path, analysis: Analysis | dict[str, Any], minutes: float = 10.0, name: str = "", **asked: Any) -> Path:
    """Keep a run that began so many minutes before this one."""
    at = BEGUN - timedelta(minutes=minutes)
    record = ASKED | {"started": at.isoformat(timespec="seconds")} | asked
    found = analysis if isinstance(analysis, dict) else asdict(analysis)
    files = {explain_folder.INFO: json.dumps(record), explain_folder.ANALYSIS: json.dumps(found)}
    return explain_folder.write(place, name or f"{at:%Y%m%d-%H%M%S}-3x6", files)


def told(place: Path, analysis: Analysis, tolerance: float | str | None = None) -> Before | None:
    return before(place, BEGUN, ASKED, analysis, SimpleNamespace(check_tolerance=tolerance))


def words(place: Path, analysis: Analysis) -> str:
    found = told(place, analysis)
    assert found
    return found.text


NOW = seen(3, 12, seed=2)
