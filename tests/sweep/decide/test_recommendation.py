"""What the recommendation says of itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sweep.decide.findings import Findings
from sweep.decide.recommendation import Recommendation
from sweep.folder import load
from sweep.records import Run
from tests.sweep import samples
from tests.sweep.apps import swept
from tests.sweep.kinds import KINDS
from tests.sweep.samples import ran, recommended


@pytest.mark.parametrize(
    ("figures", "expected", "reason"),
    [
        (
            {(2, 9): (60, 50), (3, 6): (57, 90), (6, 3): (64, 40)},
            (2, 9),
            "and has the lowest p95, then the least memory",
        ),
        ({(2, 9): (62, 50), (3, 6): (60, 80)}, (2, 9), "it is tied with 3 × 6 in throughput, and has the least memory"),
        ({(2, 9): (57, 50), (3, 6): (63, 40)}, (2, 9), "has the lowest p95"),
        ({(1, 18): (60, 40), (3, 6): (63, 50)}, (3, 6), "has two workers or more"),
        ({(2, 36): (60, 50.4), (2, 18): (60, 50.6)}, (2, 18), "has the fewest slots"),
    ],
    ids=["p95, then memory", "memory", "p95", "workers", "slots"],
)
def test_the_reason_says_what_decided(
    figures: dict[tuple[int, int], tuple[float, float]], expected: tuple[int, int], reason: str, tmp_path: Path
) -> None:
    recommendation = recommended(tmp_path / "sweep", [ran(*setting, 40, *pair) for setting, pair in figures.items()])
    assert recommendation.setting == expected
    assert reason in recommendation.reason


def test_what_was_faster_and_is_not_recommended_is_named(tmp_path: Path) -> None:
    runs = [ran(1, 6, 100, 200), ran(1, 4, 80, 220), ran(3, 6, 110, 300), samples.failed(2, 6, "died")]
    reason = recommended(tmp_path / "sweep", runs, max_p95=250.0).reason
    assert "more than the other one; 3 × 6 serves" in reason
    assert "3 × 6 serves 110, but its p95 of 300 ms is above 250 ms" in reason


def test_the_file_has_the_keys_of_the_design(tmp_path: Path) -> None:
    recommendation = recommended(tmp_path / "sweep", [ran(3, 6, 100, 200), ran(1, 18, 101, 300)])
    kept = json.loads(load(tmp_path / "sweep").save_recommendation(recommendation.as_json()).read_text())
    assert kept["tied_with"] == [{"workers": 1, "threads": 18}]
    assert kept["app_settings"]["PYTHON_GUNICORN_CUSTOM_THREAD_NUM"] == "6"
    assert {"workers", "threads", "startup_command", "app_settings", "reason", "tied_with"} <= kept.keys()


def test_many_ties_are_counted(tmp_path: Path) -> None:
    runs = [ran(1, threads, 100, 200) for threads in range(6, 16)]
    recommendation = recommended(tmp_path / "sweep", runs)
    assert len(recommendation.tied_with) == 9
    assert "and 6 more" in recommendation.reason


def measuring(kind: str, folder: Path) -> Recommendation:
    """What is recommended for a simulated kind of app."""
    return Findings.of(swept(KINDS[kind], folder)).recommendation


@pytest.mark.parametrize(
    ("kind", "said", "not_said"),
    [
        ("waits", "there is a slot for each user who needs one", "CPU, "),
        ("computes", "the plan's CPU, 100% busy, is what limits it", "queue for"),
        ("four vCPU, computes without the lock", "the plan's CPU, 100% busy, is what limits it", "GIL"),
        ("a lock for all workers", "their time in the app grew from 20 to", "CPU, "),
        ("a pool of ten that refuses", "from 12 slots on requests fail, which with 10 they do not", "CPU, "),
        ("thinkers", "so throughput tells nothing, and the p95 decides", "CPU, "),
        ("5 % fail", "requests failed, and 0 of a single user's 30", "from "),
    ],
)
def test_the_reason_is_of_what_was_measured(kind: str, said: str, not_said: str, tmp_path: Path) -> None:
    reason = measuring(kind, tmp_path / "sweep").reason
    assert said in reason
    assert not_said not in reason


def test_what_happens_when_requests_take_longer(tmp_path: Path) -> None:
    slowed = measuring("waits", tmp_path / "waits").slowed
    assert [(str(one.setting), one.times) for one in slowed] == [
        ("2 × 18", 2),
        ("2 × 18", 3),
        ("3 × 12", 2),
        ("3 × 12", 3),
    ]
    assert slowed[0].rps == pytest.approx(36 / 0.2, rel=0.03)
    assert slowed[1].response_ms == pytest.approx(300, rel=0.03)
    # What requests queue for behind the app gets slow with it.
    refused = measuring("a pool of ten that refuses", tmp_path / "refused").slowed
    assert refused[0].kept == pytest.approx(0.5, rel=0.01)
    # 15 users who think for 2 s have hardly two requests under way, whatever the upstream.
    assert measuring("thinkers", tmp_path / "thinkers").slowed[0].kept > 0.9


@pytest.mark.parametrize(
    ("starts", "said"),
    [(36, "36 of its 400 requests were sent in on_start, as logins are, and are in its figures"), (3, ""), (0, "")],
    ids=["logins", "hardly any", "none"],
)
def test_logins_that_are_in_the_window_are_named(starts: int, said: str, tmp_path: Path) -> None:
    run = ran(2, 18, 100, 200)
    assert run.analysis
    load = replace(run.analysis.load, requests=400, on_start=starts, on_start_ms=900.0 if starts else None)
    reason = recommended(
        tmp_path / "sweep", [msgspec.structs.replace(run, analysis=replace(run.analysis, load=load))]
    ).reason
    assert said in reason
    assert ("on_start" in reason) == bool(said)


@pytest.mark.parametrize(
    ("workers", "gil", "said"),
    [
        (1, True, "its worker uses up the one core that Python's GIL leaves it"),
        (2, True, "its 2 workers use up the one core that Python's GIL leaves each of them"),
        (1, False, "the plan's CPU, 100% busy, is what limits it"),
    ],
)
def test_workers_have_a_core_each_unless_they_were_seen_on_more(
    workers: int, gil: bool, said: str, tmp_path: Path
) -> None:
    kind = replace(KINDS["four vCPU, computes without the lock"], gil=gil)
    results = swept(kind, tmp_path / "sweep", workers=(workers,), threads=(8,), repeats=1)
    assert said in Findings.of(results).recommendation.reason


@pytest.mark.parametrize(
    ("runs", "options", "told"),
    [
        ([ran(3, 6, 100, 200), ran(1, 18, 101, 300)], {}, True),
        ([ran(3, 6, 100, 200)], {}, True),
        ([ran(1, 18, 100, 200)], {}, False),
        ([ran(3, 6, 100, 200)], {"workers": (2, 3)}, False),
        ([ran(3, 6, 100, 200), ran(1, 18, 80, 300)], {"workers": (1, 3)}, True),
    ],
    ids=["two workers or more", "no other", "one worker", "asked for", "one was asked for, too"],
)
def test_more_than_one_worker_assumes_that_the_app_keeps_nothing_in_its_process(
    runs: list[Run], options: dict[str, Any], told: bool, tmp_path: Path
) -> None:
    reason = recommended(tmp_path / "sweep", runs, **options).reason
    assert ("if the app keeps nothing in its process that the others would need" in reason) == told
