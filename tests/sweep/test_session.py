"""The sweep as a process, however it ends: with real gunicorns and Locusts, and short windows."""

from __future__ import annotations

import json
import random
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from sweep.folder import load
from tests.bed.waiting import wait_for
from tests.sweep.marked import SHARED, Marked, finish, needs_two_cores

pytestmark = [pytest.mark.process, needs_two_cores]


def has_runs(folder: Path, least: int) -> bool:
    path = folder / "results.jsonl"
    return (path.read_bytes().count(b"\n") if path.exists() else 0) >= least


def cells(folder: Path) -> list[tuple[int, int, int]]:
    return [(run.workers, run.threads, run.repeat) for run in load(folder).runs]


def test_a_grid_from_the_command_line_under_nohup(marked: Marked, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    args = [*SHARED, "--workers", "1", "--threads", "1,4", "--out", str(folder)]
    process = marked.start(*args, hangup="SIG_IGN")
    wait_for((folder / "running" / "gunicorn.log").exists, 60)
    process.send_signal(signal.SIGHUP)  # the terminal is closed
    status, out, err = finish(process)
    assert status == 0, err
    results = load(folder)
    assert sorted(cells(folder)) == [(1, 1, 0), (1, 4, 0)]
    assert all(run.ok for run in results.runs), [run.error for run in results.runs]
    figures = {run.threads: run for run in results.runs}
    rps = {threads: run.analysis.load.rps for threads, run in figures.items() if run.analysis}
    assert 3 < rps[4] / rps[1] < 5
    for run in results.runs:
        assert run.outside
        assert 20 < run.outside.memory_peak_mb < 200
        assert 0 < (run.outside.cpu_utilization or 0) < 1
        assert run.outside.workers_started == 1
        assert run.outside.workers_died == 0

    kept = json.loads((folder / "recommendation.json").read_text())
    assert (kept["workers"], kept["threads"]) == (1, 4)
    assert kept["startup_command"] == "gunicorn --bind=0.0.0.0 --timeout 600 --workers 1 --threads 4 app:app"
    assert kept["startup_command"] in out
    assert results.info.finished
    names = {"sweep.json", "results.jsonl", "results.csv", "report.html", "report.md", "recommendation.json"}
    assert {path.name for path in folder.iterdir()} == names
    assert not marked.left()

    again, _, err = finish(marked.start(*args))
    assert again == 2
    assert "holds a sweep already" in err

    # It has nothing left to do. Whichever Python the environment names, it stays with the one that it began with.
    status, _, err = finish(marked.start(*args, "--resume", SWEEP_PYTHON="/usr/bin/python3"))
    assert status == 0, err

    (folder / "report.html").unlink()
    status, out, err = finish(marked.start("report", str(folder)))
    assert status == 0, err
    assert (folder / "report.html").exists()
    status, out, err = finish(marked.start("compare", str(folder), str(folder)))
    assert status == 0, err
    assert "1 × 4" in out


def test_killed_at_ten_moments_and_resumed(marked: Marked, tmp_path: Path) -> None:
    """All over the sweep: in its start, in its probe, and after each of its first runs."""
    folder, chance = tmp_path / "sweep", random.Random(1)
    args = [*SHARED, "--users", "4", "--workers", "1", "--threads", "1,2,3,4,5", "--seed", "1", "--out", str(folder)]
    before: list[tuple[int, int, int]] = []
    left = []  # how many runs each kill left
    for least in (0, 0, 0, 1, 1, 1, 2, 2, 3, 3):
        process = marked.start(*args, *(["--resume"] if folder.exists() else []))
        wait_for(partial(has_runs, folder, least), 90, f"{least} runs")
        time.sleep(chance.uniform(0.2, 4) if least in (0, len(before)) else chance.uniform(0, 0.5))
        assert process.poll() is None
        process.kill()
        process.communicate()
        assert not marked.left()
        if (folder / "sweep.json").exists():
            after = cells(folder)
            assert after[: len(before)] == before
            before = after
        left.append(len(before))
    assert left[0] == 0
    assert sum(number > 0 for number in left) >= 7
    status, _, err = finish(marked.start(*args, "--resume"))
    assert status == 0, err
    assert sorted(cells(folder)) == [(1, threads, 0) for threads in range(1, 6)]
    assert load(folder).info.finished
    assert not marked.left()


def test_ctrl_c_ends_it_with_a_report_and_it_goes_on(marked: Marked, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    args = [*SHARED, "--workers", "1,2", "--threads", "2", "--out", str(folder)]
    process = marked.start(*args)
    wait_for((folder / "results.jsonl").exists, 60)
    process.send_signal(signal.SIGINT)
    status, out, err = finish(process, 20)
    assert status == 130, err
    results = load(folder)
    assert len(results.runs) == 1
    assert results.info.stopped == "Ctrl-C"
    assert "Ctrl-C" in (folder / "report.md").read_text()
    assert "gunicorn --bind" in out
    assert not marked.left()
    status, _, err = finish(marked.start(*args, "--resume"))
    assert status == 0, err
    assert sorted(cells(folder)) == [(1, 2, 0), (2, 2, 0)]
    assert "Ctrl-C" not in (folder / "report.md").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_other_signals_end_it_with_a_report_too(number: signal.Signals, marked: Marked, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    process = marked.start(*SHARED, "--workers", "1,2", "--threads", "2", "--out", str(folder))
    wait_for((folder / "running" / "gunicorn.log").exists, 60)
    process.send_signal(number)
    status, _, err = finish(process, 20)
    assert status == 130, err
    assert load(folder).info.stopped == number.name
    assert number.name in (folder / "report.md").read_text()
    assert not marked.left()
