"""Which setting is chosen, and which are tied with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep.records import Run
from tests.sweep import samples
from tests.sweep.samples import ran, recommended


@pytest.mark.parametrize(
    ("runs", "expected", "ties"),
    [
        ([ran(1, 6, 100, 200), ran(3, 6, 110, 300)], (3, 6), []),
        ([ran(1, 6, 100, 200), ran(3, 6, 101, 300)], (1, 6), [(3, 6)]),
        ([ran(3, 6, 100, 200, 80), ran(1, 18, 100, 202, 50)], (1, 18), [(3, 6)]),
        ([ran(1, 36, 100, 200, 50.4), ran(1, 18, 100, 200, 50.6)], (1, 18), [(1, 36)]),
        ([ran(1, 6, 100, 200), ran(3, 6, 110, 300, memory=436)], (1, 6), []),
        ([ran(1, 6, 100, 200), samples.failed(3, 6, "died")], (1, 6), []),
        ([ran(1, 6, 100, 200), ran(3, 6, 110, 300), samples.failed(3, 6, "died", repeat=1)], (1, 6), []),
        ([ran(1, 6, 100, 200), samples.failed(3, 6, "void: Locust", void=True)], (1, 6), []),
    ],
    ids=[
        "fastest",
        "tie: lowest p95",
        "tie in p95 too: least memory",
        "same memory: fewest slots",
        "beyond the headroom",
        "failed",
        "one repeat failed",
        "void",
    ],
)
def test_the_rule(runs: list[Run], expected: tuple[int, int], ties: list[tuple[int, int]], tmp_path: Path) -> None:
    recommendation = recommended(tmp_path / "sweep", runs)
    assert recommendation.setting == expected
    assert list(recommendation.tied_with) == ties


def test_wide_intervals_tie_what_narrow_ones_tell_apart(tmp_path: Path) -> None:
    slower = [ran(1, 6, rate, 200, repeat=number) for number, rate in enumerate((94, 99, 104))]
    faster = [ran(3, 6, rate, 300, repeat=number) for number, rate in enumerate((103, 104, 105))]
    assert recommended(tmp_path / "wide", slower + faster).setting == (1, 6)
    assert recommended(tmp_path / "narrow", [slower[0], *faster]).setting == (3, 6)


def test_no_tie_with_what_is_measurably_better(tmp_path: Path) -> None:
    """One wide interval overlaps with both of two that do not overlap with each other."""
    runs = {(1, 18): (96.5, 97.5, 98.5), (2, 9): (99.9, 100.8, 101.8), (3, 6): (97, 101.5, 104)}
    every = [ran(*setting, rate, 200, repeat=n) for setting, rates in runs.items() for n, rate in enumerate(rates)]
    recommendation = recommended(tmp_path / "sweep", every)
    assert {recommendation.setting, *recommendation.tied_with} == {(2, 9), (3, 6)}


def test_a_limit_on_the_p95(tmp_path: Path) -> None:
    runs = [ran(1, 6, 100, 200), ran(3, 6, 110, 300)]
    assert recommended(tmp_path / "kept", runs, max_p95=250.0).setting == (1, 6)
    missed = recommended(tmp_path / "missed", runs, max_p95=100.0)
    assert missed.setting is None
    assert missed.startup_command is None
    assert "The quickest is 1 × 6: its p95 of 200 ms is above 100 ms" in missed.reason
