"""What the recommendation says of itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sweep.folder import load
from tests.sweep import samples
from tests.sweep.samples import ran, recommended


@pytest.mark.parametrize(
    ("figures", "expected", "reason"),
    [
        (
            {(1, 6): (103, 50), (3, 6): (100, 90), (5, 6): (107, 40)},
            (1, 6),
            "those with the lowest p95, of which",
        ),
        ({(1, 18): (205, 50), (3, 6): (200, 80)}, (1, 18), "it is tied with 3 × 6 in throughput, and needs the least"),
        ({(1, 18): (190, 50), (3, 6): (210, 40)}, (1, 18), "has the lowest p95 of them"),
        ({(1, 36): (200, 50.4), (1, 18): (200, 50.6)}, (1, 18), "needs the fewest slots at the least memory of them"),
    ],
    ids=["p95, then memory", "memory", "p95", "slots"],
)
def test_the_reason_says_what_decided(
    figures: dict[tuple[int, int], tuple[float, float]], expected: tuple[int, int], reason: str, tmp_path: Path
) -> None:
    recommendation = recommended(tmp_path / "sweep", [ran(*setting, 100, *pair) for setting, pair in figures.items()])
    assert recommendation.setting == expected
    assert reason in recommendation.reason


def test_what_was_faster_and_is_not_recommended_is_named(tmp_path: Path) -> None:
    runs = [ran(1, 6, 100, 200), ran(1, 4, 80, 220), ran(3, 6, 110, 300), samples.failed(2, 6, "died")]
    reason = recommended(tmp_path / "sweep", runs, max_p95=250.0).reason
    assert "more than the other one; 3 × 6 serves" in reason
    assert "3 × 6 serves 110, but its p95 of 300 ms is above 250 ms" in reason


def test_the_file_has_the_keys_of_the_design(tmp_path: Path) -> None:
    recommendation = recommended(tmp_path / "sweep", [ran(1, 6, 100, 200), ran(3, 6, 101, 300)])
    kept = json.loads(load(tmp_path / "sweep").save_recommendation(recommendation.as_json()).read_text())
    assert kept["tied_with"] == [{"workers": 3, "threads": 6}]
    assert kept["app_settings"]["PYTHON_GUNICORN_CUSTOM_THREAD_NUM"] == "6"
    assert {"workers", "threads", "startup_command", "app_settings", "reason", "tied_with"} <= kept.keys()


def test_many_ties_are_counted(tmp_path: Path) -> None:
    runs = [ran(1, threads, 100, 200) for threads in range(6, 16)]
    recommendation = recommended(tmp_path / "sweep", runs)
    assert len(recommendation.tied_with) == 9
    assert "and 6 more" in recommendation.reason
