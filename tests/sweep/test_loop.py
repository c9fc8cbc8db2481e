"""A sweep that runs, without anything that it measures."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

import plans
from sweep.loop import Sweep
from sweep.measure.target import target_of
from sweep.report.progress import Bar
from tests.sweep import samples
from tests.sweep.marked import needs_two_cores

pytestmark = pytest.mark.load


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
