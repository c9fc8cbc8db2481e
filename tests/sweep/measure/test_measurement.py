"""Single measurements: what goes wrong is recorded and named, and the others go on."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

import plans
from explain_laws import Setting
from sweep.decide.findings import Findings
from sweep.folder import load
from sweep.measure.measurement import Measurement
from sweep.measure.processes import Processes
from sweep.measure.target import target_of
from sweep.options import Options
from tests.sweep.marked import FAULTY, SHARED, SHORT, VISIT, Marked, finish, needs_two_cores, swept

pytestmark = [pytest.mark.process, needs_two_cores]


def test_a_scenario_that_raises_is_named(marked: Marked, tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    args = [*SHARED, "--workers", "1", "--threads", "2", "--scenario", str(FAULTY / "raises.py")]
    status, _, err = finish(marked.start(*args, "--out", str(folder)), 60)  # the probe is not made longer
    assert status == 1, err
    (run,) = load(folder).runs
    assert str(run.error).startswith("no request ended, as the scenario raised:\n")
    assert "no attribute 'clinet'" in str(run.error)
    assert "raises.py" in str(run.error)


@pytest.mark.parametrize(
    ("args", "reason", "log"),
    [
        (["--app", "leaks:app", "--workers", "1", "--threads", "2,4"], "ended for memory: the app took", ""),
        (["--app", "exits:app", "--workers", "1", "--threads", "4,8"], "workers died", "exited with code 1"),
    ],
    ids=["leaks 50 MB a request", "exits on the 100th request"],
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


def cannot_start(marked: Marked, folder: Path, *args: str, **environ: str) -> list[str]:
    """Sweep what cannot start, and return the lines on the screen below the two that say what begins."""
    args = (*SHORT, *VISIT, "--chdir", str(FAULTY), "--out", str(folder), *args)
    status, out, err = finish(marked.start(*args, **environ))
    assert status == 1, err
    assert out == ""
    assert load(folder).runs == []
    assert not marked.left()
    return [line for line in err.splitlines() if "one user, one slot" not in line][2:]


def test_a_sweep_of_an_app_that_does_not_start_ends_with_its_reason(marked: Marked, tmp_path: Path) -> None:
    """Before, it measured on: the first of seven lines that gunicorn had ended with status 3."""
    assert cannot_start(marked, tmp_path / "sweep", "--app", "broken:app") == [
        "sweep: the app does not start: ModuleNotFoundError: No module named 'a_module_that_nobody_has'",
        f'  File "{FAULTY}/broken.py", line 3, in <module>',
        "    import a_module_that_nobody_has # type: ignore[import-not-found] # noqa: F401",
    ]


INTO = "  the app's variables go into app.env in its folder, or into a file that APP_ENV_FILE names"


@pytest.mark.parametrize(
    ("environ", "into"),
    [({}, []), ({"APP_VARIABLES_IN": "app.env"}, [INTO])],
    ids=["elsewhere", "where there is a file"],
)
def test_one_that_misses_a_variable_is_told_where_those_go(
    environ: dict[str, str], into: list[str], marked: Marked, tmp_path: Path
) -> None:
    """Compose and `make sweep APP_DIR=…` say that there is such a file."""
    (tmp_path / "shop.py").write_text("import os; KEY = os.environ['NO_SUCH_KEY']\n")
    said = cannot_start(marked, tmp_path / "sweep", "--chdir", str(tmp_path), "--app", "shop:app", **environ)
    assert said[0] == "sweep: the app does not start: KeyError: 'NO_SUCH_KEY'"
    assert said[3:] == into


def test_a_port_that_is_taken_is_named(marked: Marked, tmp_path: Path) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        port = sock.getsockname()[1]
        args = ["--app", "exits:app", "--gunicorn", f"bind=127.0.0.1:{port}"]
        assert cannot_start(marked, tmp_path / "sweep", *args) == [
            f"sweep: gunicorn.conf.py: GUNICORN_BIND=127.0.0.1:{port}: "
            "expected an address that is free (Address already in use)"
        ]


def test_the_others_go_on_when_a_setting_fails(marked: Marked, tmp_path: Path) -> None:
    args = ["--app", "picky:app", "--workers", "1,2", "--threads", "2,4"]
    # The one in which a fifth fails serves more than the other all the same.
    results = swept(marked, tmp_path / "sweep", *args, status=3)
    errors = {run.setting: run.error for run in results.runs}
    assert errors[Setting(1, 2)] is None
    first, *_ = str(errors[Setting(2, 2)]).splitlines()
    assert first == "the app does not start: SystemExit: picky: one worker at most"
    failing = Findings.of(results).by_setting[Setting(1, 4)]
    assert failing.state == "failed"
    assert "requests failed" in failing.note
    assert "500" in failing.note
    kept = json.loads((tmp_path / "sweep" / "recommendation.json").read_text())
    assert (kept["workers"], kept["threads"]) == (1, 2)
    assert "1 × 4 served" in kept["reservation"]


@pytest.mark.load
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


@pytest.mark.load
def test_two_locust_processes_count_all_requests(tmp_path: Path) -> None:
    """What a saturated generator gets in its second try, where the machine has more cores."""
    with Processes() as processes:
        target = target_of(Options.of(), plans.load()["B1"])
        measure = Measurement(target, Setting(1, 8), 8, 3, tmp_path / "scratch")
        outcomes = [measure.run(processes, generators) for generators in (1, 2)]
    assert [outcome.error for outcome in outcomes] == [None, None]
    one, two = (outcome.analysis for outcome in outcomes)
    assert one
    assert two
    assert two.generator.processes == 2
    assert two.load.rps == pytest.approx(one.load.rps, rel=0.1)


@pytest.mark.load
def test_pauses_longer_than_a_window_are_waited_for(marked: Marked, tmp_path: Path) -> None:
    """Of a locustfile that has none; and on shared cores, where Locust's own CPU time is no disturbance."""
    folder = tmp_path / "sweep"
    args = ["--users", "8", "--repeats", "1", "--workers", "1", "--threads", "2", "--share-cores"]
    args += ["--chdir", str(FAULTY), *VISIT, "--app", "steady:app", "--pause", "0.3"]
    status, _, err = finish(marked.start(*args, "--out", str(folder)))
    assert status == 0, err
    (run,) = load(folder).runs
    assert run.analysis
    # Neither a second probe nor a second run.
    assert run.analysis.load.seconds == pytest.approx(6, abs=1)
    assert run.analysis.load.rps == pytest.approx(8 / 0.31, rel=0.15)
    assert run.outside
    assert run.outside.others_utilization is None
