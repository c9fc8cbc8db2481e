"""Whole sweeps of simulated apps whose bottleneck is known, against a grid of the same simulation."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from explain_laws import Setting
from sweep.decide.cells import served
from sweep.decide.failures import Count
from sweep.decide.findings import Findings
from sweep.decide.ranking import HEADROOM
from sweep.decide.search import CELLS_MOST
from tests.locustfiles.simulated import none
from tests.sweep.apps import Kind, analysed, swept
from tests.sweep.kinds import KINDS, SAY_NOTHING

GRID = [
    Setting(*pair) for pair in [(1, 10), (1, 36), (2, 2), (2, 5), (2, 18), (3, 6), (3, 12), (5, 7), (8, 4), (16, 2)]
]
SEEDS = (1, 2, 3)
# Where a setting outside of what the sweep looks at is better: with sixteen workers no thread takes another's lock.
LARGER = {"both, threads compete": 0.10}


@cache
def best_of_grid(kind: Kind) -> float:
    """The most that a setting serves whose memory fits, and of which no more requests fail than anyway."""
    anyway = sum(route.fails for route in kind.routes) / len(kind.routes)
    rates = []
    for setting in GRID:
        found = analysed(kind, setting, kind.users)
        fits = kind.base_mb + kind.worker_mb * (setting.workers - 1) <= HEADROOM * kind.memory_mb
        base = Count(10_000, round(10_000 * anyway))
        if fits and not Count(found.load.requests, found.load.failures).beyond(base):
            rates.append(served(found))
    return max(rates)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", KINDS)
def test_what_is_recommended_is_near_the_best_of_a_grid(name: str, seed: int, tmp_path: Path) -> None:
    kind = KINDS[name]
    results = swept(kind, tmp_path / "sweep", seed=seed)
    recommendation = Findings.of(results).recommendation
    chosen = recommendation.setting
    assert chosen
    measured = {run.setting for run in results.runs}
    assert len(measured) <= CELLS_MOST
    assert chosen.slots > 1
    assert chosen.workers > 1 or kind.base_mb + kind.worker_mb > HEADROOM * kind.memory_mb
    found = analysed(kind, chosen, kind.users)
    regret = 1 - served(found) / best_of_grid(kind)
    if kind.think is not none:  # then throughput is hardly anybody's concern
        every = [analysed(kind, setting, kind.users).response_ms.p95 or 0.0 for setting in GRID]
        assert (found.response_ms.p95 or 0.0) <= 1.1 * min(every)
        regret /= 2
    assert regret <= LARGER.get(name, 0.05 if kind.noise > 0.02 else 0.035)
    assert recommendation.reservation is None or "refuses" in name or "database" in name or "grow" in name
    for setting in measured:
        alike = [other.slots for other in measured if other.workers == setting.workers and other != setting]
        assert all(max(slots, setting.slots) > 1.15 * min(slots, setting.slots) for slots in alike)


@pytest.mark.parametrize("name", SAY_NOTHING)
def test_what_says_nothing_is_no_recommendation(name: str, tmp_path: Path) -> None:
    results = swept(SAY_NOTHING[name], tmp_path / "sweep")
    recommendation = Findings.of(results).recommendation
    assert recommendation.setting is None
    assert recommendation.reason.startswith("No setting could be measured.")
    assert len({run.setting for run in results.runs}) <= 5


@pytest.mark.parametrize(
    ("name", "slots"),
    [("a pool of ten that refuses", 10), ("a database of 20 connections", 20)],
)
def test_the_largest_number_of_slots_that_does_not_fail_is_found(name: str, slots: int, tmp_path: Path) -> None:
    chosen = Findings.of(swept(KINDS[name], tmp_path / "sweep")).recommendation.setting
    assert chosen
    assert chosen.slots == slots


def test_a_limit_on_failures_is_searched_for(tmp_path: Path) -> None:
    """From 13 slots on 1 % more fail with each further one."""
    results = swept(KINDS["failures that grow with the slots"], tmp_path / "sweep", max_fail_ratio=0.05)
    chosen = Findings.of(results).recommendation.setting
    assert chosen
    assert 13 <= chosen.slots <= 19


def test_only_what_was_asked_for_is_measured(tmp_path: Path) -> None:
    results = swept(KINDS["a pool of ten that refuses"], tmp_path / "sweep", workers=(3, 4))
    assert {run.workers for run in results.runs} <= {3, 4}
    chosen = Findings.of(results).recommendation.setting
    assert chosen
    assert 8 <= chosen.slots <= 10


@pytest.mark.parametrize(("name", "least", "most"), [("thinkers", 4, 6), ("many thinkers", 14, 20)])
def test_users_who_think_get_the_fewest_slots_with_room(name: str, least: int, most: int, tmp_path: Path) -> None:
    findings = Findings.of(swept(KINDS[name], tmp_path / "sweep"))
    chosen = findings.best
    assert chosen
    assert least <= chosen.setting.slots <= most
    assert chosen.queue_p95_ms is not None
    assert chosen.queue_p95_ms < 5


def test_a_lock_in_each_worker_asks_for_more_workers_and_not_for_each_number_of_threads(tmp_path: Path) -> None:
    results = swept(KINDS["a lock in each worker"], tmp_path / "sweep")
    assert [str(run.setting) for run in results.runs[:4]] == ["3 × 12", "6 × 6", "12 × 3", "24 × 2"]
    assert len({run.setting for run in results.runs}) <= 6
