"""The sweep as a process, with real gunicorns and Locusts: short windows, as not the figures are what is tested."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
from rich.console import Console

import plans
from sweep import ROOT, machine
from sweep.cell import Measurement
from sweep.loop import Sweep
from sweep.options import Options
from sweep.processes import Processes
from sweep.progress import Bar
from sweep.results import Results, Setting, load
from tests.bed.waiting import wait_for
from tests.sweep import samples

pytestmark = pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs a core for the app and one for Locust")

FAULTY = Path(__file__).parent / "faulty"
SHORT = ["--users", "8", "--repeats", "1", "--seconds", "1"]
VISIT = ["--scenario", str(FAULTY / "visit.py")]


class Marked:
    """Sweeps whose processes can be told from all others, as they and all that they start carry a mark."""

    def __init__(self) -> None:
        self.mark = f"SWEEP_TEST_{uuid.uuid4().hex}"

    def start(self, *args: str, hangup: str = "SIG_DFL", **environ: str) -> subprocess.Popen[str]:
        # Set before it starts, as a shell does it; these tests may run under nohup themselves.
        begin = (
            f"import os, signal, sys; signal.signal(signal.SIGHUP, signal.{hangup});"
            "os.execv(sys.executable, [sys.executable, '-m', 'sweep', *sys.argv[1:]])"
        )
        return subprocess.Popen(
            [sys.executable, "-c", begin, *args],
            cwd=ROOT,
            env=os.environ | {self.mark: "1"} | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def left(self) -> list[psutil.Process]:
        """The processes that carry the mark; the kernel may need a moment for those that were killed."""
        end = time.monotonic() + 5
        while (found := list(self.present())) and time.monotonic() < end:
            time.sleep(0.05)
        return found

    def present(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if self.mark in process.environ() and process.status() != psutil.STATUS_ZOMBIE:
                    yield process


@pytest.fixture
def marked() -> Iterator[Marked]:
    marked = Marked()
    yield marked
    for process in marked.present():
        with contextlib.suppress(psutil.Error):
            process.kill()


def finish(process: subprocess.Popen[str], seconds: float = 240) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=seconds)
    assert "Traceback" not in err, err
    return process.returncode, out, err


def has_runs(folder: Path, least: int) -> bool:
    path = folder / "results.jsonl"
    return (path.read_bytes().count(b"\n") if path.exists() else 0) >= least


def cells(folder: Path) -> list[tuple[int, int, int]]:
    return [(run.workers, run.threads, run.repeat) for run in load(folder).runs]


def test_a_grid_from_the_command_line_under_nohup(marked: Marked, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    args = [*SHORT, "--workers", "1", "--threads", "1,4", "--out", str(folder)]
    process = marked.start(*args, hangup="SIG_IGN")
    wait_for((folder / "running" / "gunicorn.log").exists, 60)
    process.send_signal(signal.SIGHUP)  # the terminal is closed
    status, out, err = finish(process)
    assert status == 0, err
    results = load(folder)
    assert sorted(cells(folder)) == [(1, 1, 0), (1, 4, 0)]
    assert all(run.ok for run in results.runs), [run.error for run in results.runs]
    figures = {run.threads: run for run in results.runs}
    rps = {threads: run.analysis["load"]["rps"] for threads, run in figures.items() if run.analysis}
    assert 3 < rps[4] / rps[1] < 5
    for run in results.runs:
        assert run.outside
        assert 20 < run.outside["memory_peak_mb"] < 200
        assert 0 < run.outside["cpu_utilization"] < 1
        assert run.outside["workers_started"] == 1
        assert run.outside["workers_died"] == 0

    found = json.loads((folder / "recommendation.json").read_text())
    assert (found["workers"], found["threads"]) == (1, 4)
    assert found["startup_command"] == "gunicorn --bind=0.0.0.0 --timeout 600 --workers 1 --threads 4 app:app"
    assert found["startup_command"] in out
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
    args = ["--users", "4", "--repeats", "1", "--seconds", "1", "--workers", "1", "--threads", "1,2,3,4,5"]
    args += ["--seed", "1", "--out", str(folder)]
    before: list[tuple[int, int, int]] = []
    found = []  # how many runs each kill found
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
        found.append(len(before))
    assert found[0] == 0
    assert sum(number > 0 for number in found) >= 7
    status, _, err = finish(marked.start(*args, "--resume"))
    assert status == 0, err
    assert sorted(cells(folder)) == [(1, threads, 0) for threads in range(1, 6)]
    assert load(folder).info.finished
    assert not marked.left()


def test_ctrl_c_ends_it_with_a_report_and_it_goes_on(marked: Marked, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    args = [*SHORT, "--workers", "1,2", "--threads", "2", "--out", str(folder)]
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
    process = marked.start(*SHORT, "--workers", "1,2", "--threads", "2", "--out", str(folder))
    wait_for((folder / "running" / "gunicorn.log").exists, 60)
    process.send_signal(number)
    status, _, err = finish(process, 20)
    assert status == 130, err
    assert load(folder).info.stopped == number.name
    assert number.name in (folder / "report.md").read_text()
    assert not marked.left()


def test_a_sweep_that_goes_on_is_not_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = samples.sweep(tmp_path / "sweep", [(1, 6)], about=samples.info(probe=False))
    results.info.unloaded_error = None

    def stopped(_work: Sweep) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Sweep, "probe", stopped)
    options = Options()
    target = machine.target_of(options, plans.load()["B1"])
    with pytest.raises(KeyboardInterrupt):
        Sweep(results, options, target, Bar(Console(quiet=True))).run()
    assert not results.info.finished


def test_a_scenario_that_raises_is_named(marked: Marked, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    args = [*SHORT, "--workers", "1", "--threads", "2", "--scenario", str(FAULTY / "raises.py")]
    status, _, err = finish(marked.start(*args, "--out", str(folder)), 60)  # the probe is not made longer
    assert status == 1, err
    (run,) = load(folder).runs
    assert str(run.error).startswith("no request ended, as the scenario raised:\n")
    assert "no attribute 'clinet'" in str(run.error)
    assert "raises.py" in str(run.error)


def swept(marked: Marked, folder: Path, *args: str, status: int = 0) -> Results:
    found, _, err = finish(marked.start(*SHORT, *VISIT, "--chdir", str(FAULTY), "--out", str(folder), *args))
    assert found == status, err
    assert not marked.left()
    results = load(folder)
    assert results.info.finished
    return results


@pytest.mark.parametrize(
    ("args", "reason", "log"),
    [
        (["--app", "broken:app"], "gunicorn ended with status", "a_module_that_nobody_has"),
        (["--app", "leaks:app", "--workers", "1", "--threads", "2,4"], "ended for memory: the app took", ""),
        (["--app", "exits:app", "--workers", "1", "--threads", "4,8"], "workers died", "exited with code 1"),
    ],
    ids=["fails to import", "leaks 50 MB a request", "exits on the 100th request"],
)
def test_a_faulty_app_is_recorded_and_named(
    args: list[str], reason: str, log: str, marked: Marked, tmp_path: Path
) -> None:
    results = swept(marked, tmp_path / "sweep", *args, status=1)
    assert len(results.runs) >= 2
    for run in results.runs:
        assert run.status == "failed"
        assert run.error
        assert reason in run.error.splitlines()[0]
        assert log in run.error
    report = (tmp_path / "sweep" / "report.md").read_text()
    assert reason in report
    assert json.loads((tmp_path / "sweep" / "recommendation.json").read_text())["workers"] is None


def test_a_port_that_is_taken_is_recorded_and_named(marked: Marked, tmp_path: Path) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        port = sock.getsockname()[1]
        args = ["--app", "exits:app", "--workers", "1", "--threads", "2", "--gunicorn", f"bind=127.0.0.1:{port}"]
        results = swept(marked, tmp_path / "sweep", *args, status=1)
    assert results.runs[0].error
    assert "gunicorn ended with status 1" in results.runs[0].error
    assert str(port) in results.runs[0].error


def test_the_others_go_on_when_a_setting_fails(marked: Marked, tmp_path: Path) -> None:
    # gunicorn starts a worker that exits again and again, so only the clock ends that.
    args = ["--app", "picky:app", "--workers", "1,2", "--threads", "2,4", "--start-seconds", "2"]
    results = swept(marked, tmp_path / "sweep", *args)
    errors = {run.setting: run.error for run in results.runs}
    outside = {run.setting: run.outside for run in results.runs}
    assert errors[Setting(1, 2)] is None
    seen = outside[Setting(2, 2)]
    assert seen
    assert seen["seconds"] < 5  # the kernel takes connections that nobody answers, and they are not waited for
    assert "the app did not answer within 2 s" in str(errors[Setting(2, 2)])
    assert "picky: one worker at most" in str(errors[Setting(2, 2)])
    assert "requests failed" in str(errors[Setting(1, 4)])
    assert "500" in str(errors[Setting(1, 4)])
    found = json.loads((tmp_path / "sweep" / "recommendation.json").read_text())
    assert (found["workers"], found["threads"]) == (1, 2)


def test_a_saturated_generator_is_void_after_a_second_try(marked: Marked, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    args = [*SHORT, "--workers", "1", "--threads", "2"]
    status, _, err = finish(marked.start(*args, "--scenario", str(FAULTY / "busy.py"), "--out", str(folder)))
    assert status == 1, err
    (run,) = load(folder).runs
    assert run.void
    assert run.status == "failed"
    assert str(run.error).startswith("void: ")
    assert "void" in (folder / "report.md").read_text()


def test_two_locust_processes_count_all_requests(tmp_path: Path) -> None:
    """What a saturated generator gets in its second try, where the machine has more cores."""
    with Processes() as processes:
        target = machine.target_of(Options(), plans.load()["B1"])
        measure = Measurement(target, Setting(1, 8), 8, 3, tmp_path / "scratch")
        found = [measure.run(processes, generators) for generators in (1, 2)]
    assert [outcome.error for outcome in found] == [None, None]
    one, two = (outcome.analysis for outcome in found)
    assert one
    assert two
    assert two["generator"]["processes"] == 2
    assert two["load"]["rps"] == pytest.approx(one["load"]["rps"], rel=0.1)


def test_pauses_longer_than_a_window_are_waited_for(marked: Marked, tmp_path: Path) -> None:
    """And on shared cores, where Locust's own CPU time is no disturbance."""
    scenario = tmp_path / "pauses.py"
    scenario.write_text((FAULTY / "visit.py").read_text() + "    wait_time = lambda self: 0.3\n")
    folder = tmp_path / "sweep"
    args = ["--users", "8", "--repeats", "1", "--workers", "1", "--threads", "2", "--share-cores"]
    args += ["--chdir", str(FAULTY), "--scenario", str(scenario), "--app", "steady:app"]
    status, _, err = finish(marked.start(*args, "--out", str(folder)))
    assert status == 0, err
    (run,) = load(folder).runs
    assert run.analysis
    # 20 cycles of 0.3 s, and neither a second probe nor a second run.
    assert run.analysis["load"]["seconds"] == pytest.approx(6, abs=1)
    assert run.analysis["load"]["rps"] == pytest.approx(8 / 0.31, rel=0.15)
    assert run.outside
    assert run.outside["others_utilization"] is None


def test_an_app_and_a_locustfile_of_somebody_else(marked: Marked, tmp_path: Path) -> None:
    project = tmp_path / "shop"
    (project / "src").mkdir(parents=True)
    (project / "load").mkdir()
    (project / "src" / "shop.py").write_text(
        "import time\n"
        "from pathlib import Path\n"
        "from flask import Flask, request\n"
        "def create_app(greeting='hello'):\n"
        "    app = Flask(__name__)\n"
        "    @app.post('/buy')\n"
        "    def buy():\n"
        "        time.sleep(0.02)\n"
        "        return {'greeting': greeting, 'item': request.json['item'], 'here': Path('data.txt').read_text()}\n"
        "    return app\n"
    )
    (project / "src" / "data.txt").write_text("read from the app's folder")
    # Of a name that this project has too.
    (project / "load" / "analysis.py").write_text("ITEM = {'item': 'tea'}\n")
    (project / "load" / "locustfile.py").write_text(
        "from locust import HttpUser, constant, task\n"
        "from analysis import ITEM\n"
        "class Shopper(HttpUser):\n"
        "    wait_time = constant(0.01)\n"
        "    @task\n"
        "    def buy(self):\n"
        "        with self.client.post('/buy', json=ITEM, catch_response=True) as response:\n"
        "            if response.json()['item'] != 'tea':\n"
        "                response.failure('no tea')\n"
    )
    files = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    folder = tmp_path / "sweep"
    args = [*SHORT, "--chdir", str(project / "src"), "--app", "shop:create_app()"]
    args += ["--scenario", str(project / "load" / "locustfile.py"), "--workers", "1", "--threads", "2,8"]
    status, out, err = finish(marked.start(*args, "--out", str(folder)))
    assert status == 0, err
    assert "--threads 8 'shop:create_app()'" in out
    assert {path: path.read_bytes() for path in files} == files
    (quick,) = [run for run in load(folder).runs if run.threads == 8]
    assert quick.analysis
    assert 20 <= quick.analysis["app_ms"]["mean"] < 60
