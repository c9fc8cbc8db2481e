"""A sweep that runs, without anything that it measures."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

import plans
from explain_laws import Setting
from sweep.folder import create
from sweep.loop import Sweep
from sweep.measure.measurement import Outcome
from sweep.measure.target import target_of
from sweep.report.progress import Bar
from tests.sweep import samples
from tests.sweep.marked import needs_two_cores


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
