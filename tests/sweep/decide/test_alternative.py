"""One worker beside the several that are recommended: said where it was measured and is as good, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep.records import Run
from tests.sweep.samples import failed, ran, recommended


def test_one_worker_that_serves_as_much_is_named(tmp_path: Path) -> None:
    recommendation = recommended(tmp_path / "sweep", [ran(2, 9, 100, 200, 80), ran(1, 18, 100, 202, 60)])
    assert recommendation.setting == (2, 9)
    assert recommendation.alternative == (
        "1 × 18 served as much at a p95 of 202 ms, in 60 MB, 20 less. 2 workers are recommended all the same, as one "
        "process is one crash, one restart and one GIL for all"
    )
    assert "would need, as sessions, the counts of a rate limit or a scheduler's jobs; else take 1 × 18." in (
        recommendation.reason
    )
    assert recommendation.as_json()["alternative"] == recommendation.alternative


def test_memory_is_named_only_where_it_is_less(tmp_path: Path) -> None:
    told = recommended(tmp_path / "sweep", [ran(2, 9, 100, 200, 80), ran(1, 18, 100, 190, 79)]).alternative
    assert told
    assert told.startswith("1 × 18 served as much at a p95 of 190 ms. 2 workers are")


def test_of_several_the_quickest(tmp_path: Path) -> None:
    runs = [ran(3, 6, 100, 200, 80), ran(1, 36, 100, 200, 60), ran(1, 18, 100, 150, 60)]
    told = recommended(tmp_path / "sweep", runs).alternative
    assert told
    assert told.startswith("1 × 18 ")


@pytest.mark.parametrize(
    "runs",
    [
        [ran(2, 9, 100, 200)],
        [ran(1, 18, 100, 200)],
        [ran(2, 9, 100, 200), ran(1, 18, 90, 200)],
        [ran(2, 9, 100, 200), ran(1, 18, 100, 240)],
        [ran(2, 9, 100, 200), ran(1, 9, 100, 200)],
        [ran(2, 9, 100, 200), ran(1, 18, 100, 200), failed(1, 18, "died", repeat=1)],
        [ran(2, 9, 100, 200), ran(1, 18, 100, 200, 500)],
        [ran(2, 9, 100, 200), ran(3, 6, 100, 200)],
    ],
    ids=[
        *("alone", "it is the one", "serves less", "slower", "half of the slots", "failed once", "too large"),
        "has two workers, too",
    ],
)
def test_else_there_is_none(runs: list[Run], tmp_path: Path) -> None:
    recommendation = recommended(tmp_path / "sweep", runs)
    assert recommendation.setting
    assert recommendation.alternative is None
    assert recommendation.as_json()["alternative"] is None
    assert "else take" not in recommendation.reason
