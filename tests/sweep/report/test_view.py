"""What the report shows, and in which order."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from explain_analysis import analyse_records
from explain_server_timing import Served
from sweep.folder import Results
from sweep.report.view import View
from tests.locustfiles.samples import run
from tests.sweep import samples
from tests.sweep.report.looks import view_of


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ([(1, 1), (1, 36)], "36.0 times gunicorn's default, 1 × 1"),
        ([(1, 36), (2, 18)], "35.5 times the most that gunicorn's default, 1 × 1, could serve"),
        ([(1, 1)], ""),
    ],
    ids=["measured", "by its bound", "itself"],
)
def test_gain_over_gunicorns_default(settings: list[tuple[int, int]], expected: str, tmp_path: Path) -> None:
    assert view_of(samples.sweep(tmp_path / "sweep", settings, noise=0.0)).gain == expected


def test_recommended_first_then_by_throughput(grid: Results) -> None:
    view = view_of(grid)
    assert view.best is view.measured[0]
    assert view.measured[0].setting == view.findings.recommendation.setting
    rates = [one.rps.mean for one in view.measured[1:] if one.rps]
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize(("threads", "called"), [(3, "waiting for a slot"), (6, "waiting to be served")])
def test_beside_free_slots_requests_wait_for_no_slot(threads: int, called: str) -> None:
    records = run(rate=46, cpu_ms=21, app_ms=60, wait_ms=52, queue_ms=50.0, setting=Served(1, threads, "SlotWorker", 2))
    shown: Any = SimpleNamespace(last=analyse_records(records, 6, 10.0))
    split: Any = View.split
    assert [part.name for part in split.fget(shown)] == [called, "in the app", "sending, and the network"]
