"""A run against an earlier one: what is worse is found, what chance explains is not, what cannot be known is a miss."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from explain_analysis import analyse
from explain_baseline import BadBaselineError, Baseline, checked, read
from explain_server_timing import Served
from explain_tally import tally_of
from explain_types import Analysis
from tests.locustfiles.samples import noisy, run

HERE = Path()


def baseline(analysis: Analysis, scenario: str | None = None) -> Baseline:
    return Baseline("before", json.loads(json.dumps(asdict(analysis))), HERE, scenario)


def misses(before: Analysis, after: Analysis, tolerance: float | str | None = None) -> list[str]:
    options = SimpleNamespace(check_tolerance=tolerance)
    return [check.line for check in checked(baseline(before), after, None, options) if not check.met]


def test_the_same_app_is_met_again_and_again() -> None:
    """Without any tolerance too: chance alone is known."""
    found = [misses(noisy(seed), noisy(1000 + seed), tolerance=0.0) for seed in range(60)]
    assert sum(map(bool, found)) <= 2
    assert [misses(noisy(seed), noisy(1000 + seed)) for seed in range(60)] == [[]] * 60


def test_a_slower_app_is_missed() -> None:
    lines = misses(noisy(1), noisy(2, mean_ms=75.0))
    assert len(lines) == 2
    assert "requests/s served, against" in lines[0]
    assert "ms of 95th percentile, against" in lines[1]
    assert misses(noisy(1), noisy(2, mean_ms=75.0), tolerance=0.9) == []


def test_a_tolerance_from_the_web_ui_is_a_text() -> None:
    assert misses(noisy(1), noisy(2, mean_ms=75.0), "0.9") == []
    assert len(misses(noisy(1), noisy(2, mean_ms=75.0), "")) == 2
    (line,) = misses(noisy(1), noisy(2), "10%")
    assert line.startswith("--check-tolerance: missed: '10%': expected a share")


def test_a_quicker_app_is_met() -> None:
    assert misses(noisy(1), noisy(2, mean_ms=25.0)) == []


def test_all_three_are_printed_when_they_are_met() -> None:
    checks = checked(baseline(noisy(1)), noisy(2))
    assert [check.met for check in checks] == [True] * 3
    assert all(check.line.startswith("--check-against before: met") for check in checks)


def test_failures_have_no_tolerance_but_chance() -> None:
    (line,) = misses(noisy(1, failing=0.01), noisy(2, failing=0.03))
    assert "requests failed, against" in line
    assert misses(noisy(1, failing=0.01), noisy(2, failing=0.01)) == []
    # One of so many may have failed by chance.
    assert misses(noisy(1), noisy(2, failing=0.0003)) == []


def test_requests_that_fail_are_served_by_nobody() -> None:
    """An app that fails quickly answers more requests than one that works."""
    lines = misses(noisy(1), noisy(2, mean_ms=45.0, failing=0.5))
    assert any("requests/s served" in line for line in lines)


def test_a_few_ms_are_no_difference() -> None:
    assert misses(noisy(1, mean_ms=1.0, seconds=3), noisy(2, mean_ms=1.5, seconds=3), tolerance=0.6) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"load": {"users": 18}}, "the baseline had 18 users and this run 6"),
        ({"arrivals": {"asked_rps": 40}}, "the baseline had 40 arrivals/s and this run users who wait"),
        ({"verdict": {"code": "generator"}}, "the baseline says nothing: its verdict is generator"),
        ({"load": {"requests": 0, "rps": 0.0}}, "the baseline says nothing: no request has ended"),
    ],
    ids=["users", "arrivals", "generator", "no request"],
)
def test_what_cannot_be_compared_is_missed(change: dict[str, dict[str, Any]], words: str) -> None:
    before = baseline(noisy(1))
    for part, fields in change.items():
        before.analysis[part].update(fields)
    (check,) = checked(before, noisy(2))
    assert not check.met
    assert words in check.line


def test_a_run_without_an_answer_is_missed() -> None:
    (check,) = checked(baseline(noisy(1)), analyse(tally_of([]), 6, 10.0))
    assert "this run says nothing" in check.line


def test_another_scenario_is_missed_where_both_are_known() -> None:
    (check,) = checked(baseline(noisy(1), "mixed"), noisy(2), "story")
    assert not check.met
    assert "'mixed'" in check.line
    assert all(check.met for check in checked(baseline(noisy(1), None), noisy(2), "story"))


def test_another_setting_is_said_and_compared() -> None:
    before = analyse(tally_of(run(rate=170)), 36, 10.0)
    after = analyse(tally_of(run(rate=170, setting=Served(3, 12, "SlotWorker", 1))), 36, 10.0)
    checks = checked(baseline(before), after)
    assert [check.met for check in checks] == [True] * 4
    assert "the baseline had 3 × 6 (gthread) on 1 vCPU, this run has 3 × 12 (SlotWorker) on 1 vCPU" in checks[0].line


def test_a_baseline_without_a_spread_has_the_tolerance_alone() -> None:
    before = baseline(noisy(1))
    del before.analysis["spread"]
    assert all(check.met for check in checked(before, noisy(2)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("[1, 2]", "schema=None"),
        ('{"schema": 1}', "schema=1: expected 2"),
        ('{"schema": 2}', "expected an analysis as a run writes it ('load')"),
        ("[" * 100_000, "not JSON"),
        ('{"schema": 2, "load": {"requests": "many", "failures": 0, "rps": 1}}', "no number"),
        ('{"schema": 2, "load": {"requests": NaN, "failures": 0, "rps": 1}}', "no number"),
    ],
    ids=["empty", "a list", "another schema", "nothing else", "deep", "a text", "NaN"],
)
def test_what_is_no_analysis_is_one_line(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "analysis.json").write_text(text)
    with pytest.raises(BadBaselineError) as refused:
        read("reports/x", tmp_path)
    line = str(refused.value)
    assert line.startswith("--check-against reports/x: ")
    assert words in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("verdict", None),
        ("verdict", []),
        ("spread", [1]),
        ("arrivals", [1]),
        ("load", {"users": None}),
        ("setting", 3),
        ("load", {"rps": 10**400}),
    ],
    ids=["no verdict", "verdict", "spread", "arrivals", "no users", "setting", "beyond a float"],
)
def test_an_analysis_in_pieces_is_one_line(part: str, value: Any, tmp_path: Path) -> None:
    """Before any load, and not at the end of the run."""
    found = json.loads(json.dumps(asdict(noisy(1, seconds=2))))
    found[part] = found[part] | value if isinstance(value, dict) else value
    (tmp_path / "analysis.json").write_text(json.dumps(found))
    with pytest.raises(BadBaselineError, match=r"^--check-against x: expected an analysis as a run writes it \("):
        read("x", tmp_path)


def test_a_folder_or_its_file(tmp_path: Path) -> None:
    (tmp_path / "analysis.json").write_text(json.dumps(asdict(noisy(1))))
    (tmp_path / "run.json").write_text('{"scenario": "mixed"}')
    found = read("x", tmp_path)
    assert found == read("x", tmp_path / "analysis.json")
    assert (found.scenario, found.folder) == ("mixed", tmp_path)
    (tmp_path / "run.json").write_text("[]")
    assert read("x", tmp_path).scenario is None
    with pytest.raises(BadBaselineError, match="No such file"):
        read("nope", tmp_path / "nope")


def test_a_share_of_failures_is_known_better_from_more_requests() -> None:
    few, many = (replace(noisy(1).load, requests=number, failures=number // 50) for number in (100, 10_000))
    now = noisy(2, failing=0.035)
    assert misses(replace(noisy(1), load=few), now) == []
    assert misses(replace(noisy(1), load=many), now)
