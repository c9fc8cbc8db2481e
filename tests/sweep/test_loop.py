"""A sweep that runs, without anything that it measures."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import plans
from explain_laws import Setting
from explain_types import Analysis
from sweep.folder import create
from sweep.loop import Sweep, forecast, window
from sweep.measure.measurement import Outcome
from sweep.measure.target import target_of
from sweep.options import Options
from sweep.report.progress import Bar
from tests.sweep import samples
from tests.sweep.marked import needs_two_cores


def probe(app_s: float, think_s: float) -> Analysis:
    """What one user saw."""
    alone = samples.analysis(1, 1, users=1, app_s=app_s)
    return dataclasses.replace(alone, demand=dataclasses.replace(alone.demand, think_s=think_s))


@pytest.mark.parametrize(
    ("app_s", "think_s", "users", "seconds"),
    [(0.1, 0.0, 36, 6), (1.0, 0.0, 36, 20), (9.0, 0.0, 36, 60), (0.1, 2.0, 15, 17), (0.1, 2.0, 100, 6)],
    ids=["short", "a second", "long", "few who think", "many who think"],
)
def test_a_window_has_some_cycles_of_a_user(app_s: float, think_s: float, users: int, seconds: float) -> None:
    assert window(probe(app_s, think_s), users) == seconds


@pytest.mark.parametrize(
    ("app_s", "rps", "seconds"),
    [(0.1, 60, 6), (0.1, 10, 30), (0.1, 1, 60), (2.0, 100, 22)],
    ids=["many", "few", "very few", "long"],
)
def test_a_window_has_enough_arrivals_for_a_p95(app_s: float, rps: float, seconds: float) -> None:
    assert window(probe(app_s, 0.0), 36, rps) == pytest.approx(seconds, abs=1)


@pytest.mark.parametrize(
    ("options", "unloaded", "said"),
    [
        ({}, None, "At most 10 settings, up to 3 windows of 6 s each: at most about 4 minutes"),
        ({}, probe(1.0, 0.0), "At most 10 settings, up to 3 windows of 20 s each: at most about 8 minutes"),
        ({"users": 15}, probe(0.1, 2.0), "At most 5 settings, up to 3 windows of 17 s each: at most about 4 minutes"),
        (
            {"workers": (1, 2), "threads": (3,), "repeats": 1, "seconds": 2.0},
            None,
            "2 settings, a window of 2 s each: at most about 1 minute",
        ),
    ],
    ids=["default", "long requests", "users who think", "a grid"],
)
def test_it_says_beforehand_how_long_it_takes(options: dict[str, Any], unloaded: Analysis | None, said: str) -> None:
    assert forecast(Options.of(**options), unloaded) == said


@pytest.mark.process
@needs_two_cores
def test_a_sweep_that_goes_on_is_not_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = samples.sweep(tmp_path / "sweep", [(1, 6)], about=samples.info(probe=False))
    results.info.unloaded_error = None

    def stopped(_work: Sweep) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Sweep, "probe", stopped)
    target = target_of(results.info.options, plans.load()["B1"])
    with pytest.raises(KeyboardInterrupt):
        Sweep(results, target, Bar(Console(quiet=True))).run()
    assert not results.info.finished


@needs_two_cores
@pytest.mark.parametrize(("think_s", "checked"), [(0.0, False), (1.0, True)], ids=["no pause", "users who think"])
def test_more_users_are_a_check_only_where_users_think(
    think_s: float, checked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = samples.info(repeats=1)
    about.unloaded = samples.analysis(1, 1, users=1, think_s=think_s)
    results = create(tmp_path / "sweep", about)
    results.append(samples.run(2, 18, think_s=think_s))
    asked: list[int] = []

    def settled(_work: Sweep, _setting: Setting, users: int, _seconds: float, _arrivals: object) -> Outcome:
        asked.append(users)
        return Outcome("made up", None, None)

    monkeypatch.setattr(Sweep, "settled", settled)
    Sweep(results, target_of(results.info.options, plans.load()["B1"]), Bar(Console(quiet=True))).check()
    assert asked == ([72] if checked else [])
    assert (results.info.check is not None) == checked
