"""Which settings stand beside a sweep's recommendation."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec

from bench.sweeps import cells_of
from sweep.decide.findings import Findings
from sweep.folder import create
from sweep.records import Run
from tests.sweep import samples


def failing(workers: int, threads: int, rps: float, failures: int) -> Run:
    """A run of 1,000 requests of which so many failed."""
    run = samples.ran(workers, threads, rps, 200)
    assert run.analysis
    load = dataclasses.replace(run.analysis.load, requests=1000, failures=failures)
    return msgspec.structs.replace(run, analysis=dataclasses.replace(run.analysis, load=load))


def test_what_the_sweep_calls_failed_is_compared_unless_many_fail(tmp_path: Path) -> None:
    """Else a rule of the sweep's that rejects a good setting would hide that it is better."""
    runs = [failing(2, 6, 100, 1), failing(2, 9, 150, 9), failing(2, 18, 250, 30), samples.failed(3, 36, "died")]
    runs += [failing(3, 6, 150, 0), samples.failed(3, 6, "died", repeat=1), failing(1, 18, 140, 0)]
    results = create(tmp_path / "sweep", samples.info())
    for run in runs:
        results.append(run)
    findings = Findings.of(results)
    assert findings.by_setting[runs[1].setting].state == "failed"
    assert [cell["setting"] for cell in cells_of(findings)] == ["1 × 18", "2 × 6", "2 × 9"]


def test_an_app_that_fails_anyway_is_compared_by_what_fails_beyond(tmp_path: Path) -> None:
    results = create(tmp_path / "sweep", samples.info())
    for run in (failing(2, 6, 100, 50), failing(2, 9, 150, 58), failing(2, 18, 250, 90)):
        results.append(run)
    assert [cell["setting"] for cell in cells_of(Findings.of(results))] == ["2 × 6", "2 × 9"]
