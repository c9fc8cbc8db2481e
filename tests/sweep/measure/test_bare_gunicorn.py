"""Bare gunicorn, as most have it in production, can be measured, and compared with exact slots."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sweep.folder import load
from tests.sweep.marked import SHARED, Marked, finish, needs_two_cores

pytestmark = pytest.mark.process


@needs_two_cores
def test_bare_gunicorn_is_measured_and_compared(marked: Marked, tmp_path: Path) -> None:
    args = [*SHARED, "--workers", "2", "--threads", "2", "--out"]
    sweeps = {
        "bare": marked.start(*args, str(tmp_path / "bare"), "--gunicorn", "worker_class=gthread"),
        "slots": marked.start(*args, str(tmp_path / "slots")),
    }
    classes = {}
    for name, process in sweeps.items():
        status, _, err = finish(process)
        assert status == 0, err
        (run,) = load(tmp_path / name).runs
        assert run.analysis
        assert run.analysis.setting.slots == 4
        assert run.analysis.demand.bounded
        classes[name] = run.analysis.setting.worker_class
    assert classes == {"bare": "gthread", "slots": "SlotWorker"}

    kept = json.loads((tmp_path / "bare" / "recommendation.json").read_text())
    assert kept["startup_command"].endswith(" --workers 2 --threads 2 --worker-class gthread app:app")
    assert kept["app_settings"]["GUNICORN_WORKER_CLASS"] == "gthread"

    status, out, err = finish(marked.start("compare", str(tmp_path / "bare"), str(tmp_path / "slots")))
    assert status == 0, err
    assert "differs: gunicorn worker_class=gthread → —" in out
    assert "differs: worker class gthread → SlotWorker" in out
    assert "2 × 2" in out
