"""Which setting is chosen, and which are tied with it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import msgspec
import pytest

from sweep.decide.findings import Findings
from sweep.decide.ranking import kept_limits
from sweep.folder import create
from sweep.records import Run
from tests.sweep import samples
from tests.sweep.samples import ran, recommended


@pytest.mark.parametrize(
    ("runs", "expected", "ties"),
    [
        ([ran(2, 6, 100, 200), ran(3, 6, 110, 300)], (3, 6), []),
        ([ran(1, 18, 100, 200), ran(2, 9, 100, 220)], (2, 9), [(1, 18)]),
        ([ran(2, 9, 85, 200), ran(3, 6, 85, 300)], (2, 9), [(3, 6)]),
        ([ran(3, 6, 85, 200, 80), ran(2, 9, 85, 202, 50)], (2, 9), [(3, 6)]),
        ([ran(2, 36, 300, 200, 50.4), ran(2, 18, 300, 200, 50.6)], (2, 18), [(2, 36)]),
        ([ran(2, 6, 100, 200), ran(3, 6, 110, 300, memory=436)], (2, 6), []),
        ([ran(2, 6, 100, 200), samples.failed(3, 6, "died")], (2, 6), []),
        ([ran(2, 6, 100, 200), ran(3, 6, 110, 300), samples.failed(3, 6, "died", repeat=1)], (2, 6), []),
        ([ran(2, 6, 100, 200), samples.failed(3, 6, "void: Locust", void=True)], (2, 6), []),
        ([ran(1, 1, 100, 200), ran(1, 2, 98, 200)], (1, 2), []),
    ],
    ids=[
        "fastest",
        "tie: two workers",
        "same slots: lowest p95",
        "tie in p95 too: least memory",
        "same memory: fewest slots",
        "beyond the headroom",
        "failed",
        "one repeat failed",
        "void",
        "never one slot",
    ],
)
def test_the_rule(runs: list[Run], expected: tuple[int, int], ties: list[tuple[int, int]], tmp_path: Path) -> None:
    recommendation = recommended(tmp_path / "sweep", runs)
    assert recommendation.setting == expected
    assert list(recommendation.tied_with) == ties


def test_of_what_the_cpu_limits_the_one_with_slots_to_spare(tmp_path: Path) -> None:
    runs = [ran(2, 6, 100, 200), ran(3, 12, 100, 300)]
    busy = [msgspec.structs.replace(run, outside=samples.outside(50.0, 0.98)) for run in runs]
    recommendation = recommended(tmp_path / "sweep", busy)
    assert recommendation.setting == (3, 12)
    assert "has slots to spare" in recommendation.reason


def test_wide_intervals_tie_what_narrow_ones_tell_apart(tmp_path: Path) -> None:
    slower = [ran(2, 9, rate, 200, repeat=number) for number, rate in enumerate((84, 89, 94))]
    faster = [ran(3, 6, rate, 300, repeat=number) for number, rate in enumerate((92, 93, 94))]
    assert recommended(tmp_path / "wide", slower + faster).setting == (2, 9)
    assert recommended(tmp_path / "narrow", [slower[0], *faster]).setting == (3, 6)


def test_no_interval_is_so_wide_that_a_mean_far_behind_is_a_tie(tmp_path: Path) -> None:
    noisy = [ran(2, 9, rate, 200, repeat=number) for number, rate in enumerate((70, 80, 95))]
    faster = [ran(3, 6, rate, 300, repeat=number) for number, rate in enumerate((92, 93, 94))]
    assert recommended(tmp_path / "sweep", noisy + faster).setting == (3, 6)


def test_no_tie_with_what_is_measurably_better(tmp_path: Path) -> None:
    """One wide interval overlaps with both of two that do not overlap with each other."""
    runs = {(1, 18): (96.5, 97.5, 98.5), (2, 9): (99.9, 100.8, 101.8), (3, 6): (97, 101.5, 104)}
    every = [ran(*setting, rate, 200, repeat=n) for setting, rates in runs.items() for n, rate in enumerate(rates)]
    recommendation = recommended(tmp_path / "sweep", every)
    assert {recommendation.setting, *recommendation.tied_with} == {(2, 9), (3, 6)}


def test_one_slot_alone_is_no_recommendation(tmp_path: Path) -> None:
    alone = recommended(tmp_path / "sweep", [ran(1, 1, 100, 200)])
    assert alone.setting is None
    assert "one slot" in alone.reason


def failing(workers: int, threads: int, rps: float, failures: int, requests: int = 1000) -> Run:
    """A run of so many requests of which some failed."""
    run = ran(workers, threads, rps, 200)
    assert run.analysis
    load = dataclasses.replace(run.analysis.load, requests=requests, failures=failures)
    analysis = dataclasses.replace(run.analysis, load=load)
    return msgspec.structs.replace(run, analysis=analysis, failures=f"{failures} × GET /: HTTP 503" if failures else "")


@pytest.mark.parametrize(
    ("few", "many", "expected"),
    [
        (0, 1, (3, 12)),
        (48, 55, (3, 12)),
        (0, 30, (2, 5)),
        (50, 200, (2, 5)),
        (200, 50, (3, 12)),
    ],
    ids=["one of 1,000", "all alike", "beyond the base", "beyond a base of 5 %", "fewer slots fail more"],
)
def test_failures_are_compared_as_rates(few: int, many: int, expected: tuple[int, int], tmp_path: Path) -> None:
    recommendation = recommended(tmp_path / "sweep", [failing(2, 5, 100, few), failing(3, 12, 300, many)])
    assert recommendation.setting == expected
    if expected == (3, 12) and many > 1:
        assert "requests failed, and 0 of a single user's" in recommendation.reason
    if expected == (2, 5):
        assert recommendation.reservation
        assert "3 × 12 served" in recommendation.reservation


def test_who_serves_a_fraction_is_recommended_with_a_reservation_only(tmp_path: Path) -> None:
    runs = [failing(2, 5, 100, 0), failing(3, 12, 300, 30)]
    kept = json.loads(json.dumps(recommended(tmp_path / "sweep", runs).as_json()))
    assert (kept["workers"], kept["threads"]) == (2, 5)
    assert (
        "2.9 times as many, but it failed (3.00% of its 1000 requests failed, 0.00% do anyway)" in kept["reservation"]
    )


def test_a_limit_on_failures_is_ones_own(tmp_path: Path) -> None:
    runs = [failing(2, 5, 100, 0), failing(3, 12, 300, 30)]
    assert recommended(tmp_path / "kept", runs, max_fail_ratio=0.05).setting == (3, 12)
    strict = recommended(tmp_path / "strict", runs, max_fail_ratio=0.01)
    assert strict.setting == (2, 5)
    assert strict.reservation is None


def test_a_limit_on_the_p95(tmp_path: Path) -> None:
    runs = [ran(2, 6, 100, 200), ran(3, 6, 110, 300)]
    assert recommended(tmp_path / "kept", runs, max_p95=250.0).setting == (2, 6)
    missed = recommended(tmp_path / "missed", runs, max_p95=100.0)
    assert missed.setting is None
    assert missed.startup_command is None
    assert "The quickest is 2 × 6: its p95 of 200 ms is above 100 ms" in missed.reason


def test_which_settings_keep_the_limits(tmp_path: Path) -> None:
    runs = [ran(2, 6, 100, 200), ran(3, 6, 110, 300), failing(3, 12, 120, 30)]
    results = create(tmp_path / "sweep", samples.info(max_p95=250.0, max_fail_ratio=0.01))
    for one in runs:
        results.append(one)
    findings = Findings.of(results)
    assert kept_limits(findings.cells, findings.info) == [
        "Keep --max-p95=250 and --max-fail-ratio=0.01: 2 × 6",
        "Do not: 3 × 6 (its p95 of 300 ms is above 250 ms), 3 × 12 (3.00% of its requests fail, which is above 1.00%)",
    ]
    assert kept_limits(findings.cells, samples.info()) == []


def test_what_hardly_serves_less_and_fails_less_is_recommended(tmp_path: Path) -> None:
    runs = [failing(2, 12, 238, 0, 4000), failing(2, 18, 251, 20, 4000)]
    recommendation = recommended(tmp_path / "sweep", runs)
    assert recommendation.setting == (2, 12)
    assert recommendation.reservation is None
    assert "2 × 18 serves 250, but more of its requests fail (0.50% of 4000)" in recommendation.reason


def test_of_those_that_serve_as_much_the_one_that_fails_less(tmp_path: Path) -> None:
    runs = [failing(1, 24, 250, 0, 4000), failing(2, 12, 240, 0, 4000), failing(2, 18, 251, 20, 4000)]
    assert recommended(tmp_path / "sweep", runs).setting == (1, 24)
    few = [failing(2, 12, 238, 0, 1000), failing(2, 18, 251, 5, 1000)]  # which may be chance
    assert recommended(tmp_path / "few", few).setting == (2, 18)


def test_what_serves_much_less_without_failures_is_a_reservation(tmp_path: Path) -> None:
    runs = [failing(2, 6, 120, 0, 4000), failing(2, 9, 180, 0, 4000), failing(2, 18, 251, 20, 4000)]
    recommendation = recommended(tmp_path / "sweep", runs)
    assert recommendation.setting == (2, 18)
    assert recommendation.reservation == (
        "0.50% of its 4000 requests failed, and none of 4000 with 2 × 9, which served 180 requests/s"
    )
    own = recommended(tmp_path / "own", runs, max_fail_ratio=0.01)
    assert own.setting == (2, 18)
    assert own.reservation is None
