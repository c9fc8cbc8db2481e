"""Each test of a Locust leaves its folder, however it ends, and none where there is no place for one."""

from __future__ import annotations

import csv
import json
import signal
import time
from pathlib import Path

import pytest

from tests.bed.gunicorn import Server
from tests.bed.locust import explained, headless, locust_ends, started
from tests.bed.waiting import wait_for
from tests.locustfiles.conftest import HERE, SCENARIO
from tests.locustfiles.ui import web_ui

pytestmark = pytest.mark.process

ALL = {"run.json", "analysis.json", "report.html", "requests.csv", "timeline.csv"}


def kept(place: Path) -> list[Path]:
    """The folders, the oldest first."""
    return sorted(place.iterdir()) if place.exists() else []


def whole(place: Path) -> list[Path]:
    """The folders of runs that are written to the end."""
    return [folder for folder in kept(place) if (folder / "report.html").exists()]


@pytest.mark.load
def test_a_headless_run(healthy: Server, tmp_path: Path) -> None:
    """Of an app of which some requests fail, with Locust's own report beside it."""
    place, report = tmp_path / "reports", tmp_path / "locust.html"
    more = ["--reports", str(place), "--html", str(report), "--check-fail-ratio", "0.9"]
    run = explained(HERE / "some_fail.py", healthy.url, *more, users=4, seconds=2)
    (folder,) = kept(place)
    assert folder.name.endswith("-3x12")
    assert f"Kept: {folder / 'report.html'}" in run.output
    assert "--check-fail-ratio 0.9: met with" in run.output
    assert {path.name for path in folder.iterdir()} == ALL | {"failures.csv"}
    assert json.loads((folder / "analysis.json").read_text()) == run.analysis
    asked = json.loads((folder / "run.json").read_text())
    assert (asked["scenario"], asked["host"]) == ("some_fail", healthy.url)
    with (folder / "requests.csv").open(newline="") as file:
        assert [row["Name"] for row in csv.DictReader(file)][-1] == "Aggregated"
    page = (folder / "report.html").read_text()
    assert run.analysis["verdict"]["text"].partition(".")[0] in page
    assert "Requests, as Locust counts them" in page
    assert "http://" not in page.replace(healthy.url, "").replace("http://www.w3.org", "")
    assert 'id="explain-verdict"' in report.read_text()

    against = ["--check-against", str(folder), "--check-tolerance", "0.5", "--check-fail-ratio", "0.9"]
    again = explained(HERE / "some_fail.py", healthy.url, *against, users=4, seconds=1)
    assert again.output.count(f"--check-against {folder}: met") == 3, again.output
    assert again.code == 0


def test_each_test_of_a_web_ui(healthy: Server, tmp_path: Path) -> None:
    with web_ui(healthy.url, "--reports", str(tmp_path)) as ui:
        for number in (1, 2):
            ui.swarm(2 * number)
            wait_for(lambda: ui.requests() > 20)
            ui.stop()
            wait_for(lambda: whole(tmp_path)[number - 1 :])  # noqa: B023 it is waited for here
        assert 'id="explain-verdict"' in ui.page("/stats/report?download=1")
    users = [json.loads((folder / "analysis.json").read_text())["load"]["users"] for folder in kept(tmp_path)]
    assert users == [2, 4]


def test_the_master_keeps_what_all_have_counted_and_ctrl_c_keeps_the_run(healthy: Server, tmp_path: Path) -> None:
    args = ["--host", healthy.url, *headless(4, 60), "--processes", "2", "--reports", str(tmp_path), "--only-summary"]
    with started(SCENARIO, *args, environ={"TEST_REPORT_SECONDS": "0.5"}, log=tmp_path / "log") as locust:
        wait_for(lambda: "All users spawned" in (tmp_path / "log").read_text())
        time.sleep(2)
        locust.send_signal(signal.SIGINT)
        locust.wait(20)
    (folder,) = [path for path in kept(tmp_path) if path.is_dir()]
    analysis = json.loads((folder / "analysis.json").read_text())
    assert analysis["load"]["users"] == 4
    assert analysis["generator"]["processes"] == 2
    assert analysis["load"]["requests"] > 30
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_place_that_cannot_be_written_to_costs_no_run(healthy: Server, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = explained(SCENARIO, healthy.url, "--reports", str(tmp_path / "file"), users=2, seconds=1)
    assert run.code == 0
    assert run.output.count("no run is kept in") == 1
    assert "Traceback" not in run.output
    assert run.analysis["load"]["requests"] > 0


def test_a_baseline_that_is_not_there_ends_it_before_any_load() -> None:
    args = ["--headless", "-t", "30s", "--host", "http://127.0.0.1:9", "--check-against", "reports/nope"]
    done = locust_ends(SCENARIO, *args, seconds=20)
    assert done.returncode != 0
    assert "--check-against reports/nope: expected the analysis.json of an earlier run (No such file" in done.stderr
    assert "Traceback" not in done.stderr
