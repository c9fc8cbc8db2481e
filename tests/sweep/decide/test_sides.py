"""Runs beside runs, and beside sweeps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from explain_types import Analysis, Spread
from sweep.decide.comparison import Difference, compare
from sweep.decide.findings import Findings
from sweep.decide.sides import Side, of_run, of_sweep
from sweep.kept import Asked, KeptRun
from tests.sweep import samples


def side(analysis: Analysis, scenario: str = "io_bound") -> Side:
    return of_run(KeptRun(analysis, Asked(scenario=scenario, locust="2.47.0")))


def test_two_runs_of_different_settings_are_one_row() -> None:
    comparison = compare(side(samples.analysis(1, 1)), side(samples.analysis(3, 6)))
    (row,) = comparison.rows
    assert row.label == "1 × 1 → 3 × 6"
    assert (row.rps.word, row.p95_ms.word, row.memory_mb.word) == ("better", "better", "worse")
    assert comparison.decisive == ()


def test_what_a_run_knows_of_itself_is_its_interval() -> None:
    one = samples.analysis(3, 6)
    two = replace(one, load=replace(one.load, rps=1.05 * one.load.rps))
    assert compare(side(one), side(two)).rows[0].rps.word == "better"
    wide = Spread(0.9 * one.load.rps, 1.1 * one.load.rps, None, None)
    assert compare(side(replace(one, spread=wide)), side(two)).rows[0].rps.word == "same"


@pytest.mark.parametrize(
    ("after", "difference"),
    [
        (side(samples.analysis(3, 6, users=18)), Difference("users", "36", "18")),
        (side(samples.analysis(3, 6), "mixed"), Difference("scenario", "io_bound", "mixed")),
        (side(samples.analysis(3, 6, vcpu=2)), Difference("plan's vcpu", "1", "2")),
    ],
    ids=["users", "scenario", "vcpu"],
)
def test_another_load_is_not_comparable(after: Side, difference: Difference) -> None:
    assert compare(side(samples.analysis(3, 6)), after).decisive == (difference,)


def test_a_run_is_beside_the_sweeps_runs_of_its_setting(tmp_path: Path) -> None:
    sweep = of_sweep(Findings.of(samples.sweep(tmp_path / "sweep", [(1, 1), (3, 6)])))
    comparison = compare(sweep, side(samples.analysis(3, 6)))
    (row,) = comparison.rows
    assert row.label == "3 × 6"
    assert row.rps.word == "same"
    assert row.memory_mb.word == ""  # a peak of all processes is no mean of the workers
    assert comparison.decisive == ()
    assert compare(sweep, side(samples.analysis(5, 5))).rows == ()


def test_a_run_that_says_nothing_is_no_row() -> None:
    analysis = samples.analysis(3, 6)
    void = replace(analysis, verdict=replace(analysis.verdict, code="generator"))
    comparison = compare(side(analysis), side(void))
    assert comparison.rows == ()
    assert comparison.states == (Difference("3 × 6", "ok", "void"),)


def test_requests_that_fail_are_not_served() -> None:
    one = samples.analysis(3, 6)
    half = replace(one, load=replace(one.load, failures=one.load.requests // 2))
    assert compare(side(one), side(half)).rows[0].rps.word == "worse"
