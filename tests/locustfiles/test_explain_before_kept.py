"""A run that is kept has what an earlier one in the same folder says of it, wherever it is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from locust import User
from locust.env import Environment

import explain_folder
from explain_keep import Keeper
from explain_tally import tally_of
from explain_timeline import timeline
from explain_types import Analysis
from tests.locustfiles.kept import NOW, seen
from tests.locustfiles.samples import run

Kept = Callable[[Analysis], Keeper]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """Keeps a run of an environment that sends nothing."""
    (locustfile := tmp_path / "locustfile.py").touch()
    options = SimpleNamespace(spawn_rate=100.0, run_time=30, pause="1-3", check_tolerance=None)
    drawn = timeline(tally_of(run()), 10.0)

    def keep(analysis: Analysis) -> Keeper:
        environment: Any = Environment(user_classes=[User], host="http://app:8000", parsed_options=options)
        environment.parsed_locustfiles = [str(locustfile)]
        environment.create_local_runner()
        explanation: Any = SimpleNamespace(finish=int, analysis=lambda: analysis, timeline=lambda: drawn)
        keeper = Keeper(environment, explanation, tmp_path / "reports", None)
        keeper.install()
        environment.events.test_start.fire(environment=environment)
        assert keeper.analysis().before is None
        environment.events.test_stop.fire(environment=environment)
        return keeper

    return keep


def aged(folder: Path, minutes: float) -> None:
    """Have a kept run begin earlier."""
    file, at = folder / explain_folder.INFO, datetime.now().astimezone() - timedelta(minutes=minutes)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"started": at.isoformat(timespec="seconds")}))


def test_the_next_run_says_what_the_last_one_was(kept: Kept) -> None:
    first = kept(seen(3, 6))
    assert first.kept
    assert json.loads((first.kept / "analysis.json").read_text())["before"] is None
    aged(first.kept, minutes=5)
    second = kept(NOW)
    assert second.kept
    found = second.analysis()
    assert found.before
    assert found.before.run == first.kept.name
    assert found.before.text.endswith("no difference beyond chance, so 3 × 6 does as well for this load.")
    assert json.loads((second.kept / "analysis.json").read_text()) == json.loads(json.dumps(asdict(found)))
    assert json.dumps(found.before.text) in (second.kept / "report.html").read_text()

    second.environment.events.reset_stats.fire()  # the figures are gone
    assert second.analysis().before is None


def test_a_run_that_could_not_be_kept_is_held_against_none(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    first = kept(seen(3, 6))
    assert first.kept
    aged(first.kept, minutes=5)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(explain_folder, "write", full)
    assert kept(NOW).analysis().before is None


def test_a_locustfile_that_is_edited_while_it_runs_is_still_the_one_that_was_loaded(kept: Kept, tmp_path: Path) -> None:
    first = kept(seen(3, 6))
    assert first.kept
    (tmp_path / "locustfile.py").write_text("edited")
    first.start()
    first.stop()
    marks = [
        json.loads((folder / "run.json").read_text())["fingerprint"] for folder in (tmp_path / "reports").iterdir()
    ]
    assert len(marks) == 2
    assert len(set(marks)) == 1
    aged(first.kept, minutes=5)
    assert kept(NOW).analysis().before is None  # it has loaded another one
