"""Runs that do not go as planned."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.bed.gunicorn import Server
from tests.bed.locust import LOCUSTFILES, started
from tests.bed.locust import explained as locust
from tests.locustfiles.conftest import SCENARIO, gunicorn

pytestmark = pytest.mark.load


@pytest.mark.alone
@pytest.mark.parametrize("processes", [(), ("--processes", "2")], ids=["one process", "two processes"])
def test_a_queue_behind_slots_whose_requests_compute_is_no_network(processes: tuple[str, ...]) -> None:
    """Much of a slot's time passes outside the app, so they never look quite full, and everybody waits the same."""
    with gunicorn(1, 6) as server:
        run = locust("mixed.py", server.url, *processes, users=12, seconds=5)
        assert run.verdict == "slots", run.analysis["verdict"]


def test_header_off() -> None:
    with gunicorn(1, 6, SERVER_TIMING="false") as server:
        run = locust(SCENARIO, server.url, users=4, seconds=2)
    assert (run.verdict, run.code) == ("no-data", 0)
    assert "SERVER_TIMING=true" in run.analysis["verdict"]["suggestion"]


def test_nobody_answers() -> None:
    run = locust(SCENARIO, "http://127.0.0.1:9", users=2, seconds=2)
    assert run.verdict == "no-data"
    assert "failed (100 %" in run.analysis["verdict"]["text"]
    assert "Traceback" not in run.output


def test_a_run_shorter_than_its_ramp(healthy: Server) -> None:
    run = locust(SCENARIO, healthy.url, "-r", "1", "--check-rps", "1", users=30, seconds=1)
    assert run.verdict == "no-data"
    assert "ramp" in run.analysis["verdict"]["suggestion"]
    assert run.code == 3


@pytest.mark.alone
def test_the_ramp_is_left_out(healthy: Server) -> None:
    run = locust(SCENARIO, healthy.url, "-r", "6", users=12, seconds=5)
    assert run.analysis["load"]["seconds"] < 4.3
    assert run.analysis["load"]["rps"] == pytest.approx(12 / 0.105, rel=0.08)


def test_an_interrupted_run_has_its_analysis(healthy: Server, tmp_path: Path) -> None:
    out, log = tmp_path / "a.json", tmp_path / "log"
    args = ["--headless", "-u", "6", "-r", "100", "--host", healthy.url, "--analysis-json", str(out)]
    with started(SCENARIO, *args, log=log) as process:
        time.sleep(4)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert "Verdict: healthy" in log.read_text()
    assert out.exists()


def test_a_folder_of_scenarios(healthy: Server) -> None:
    """Locust runs every file of a folder, the plugin's own, too, after a scenario has imported it."""
    run = locust(LOCUSTFILES, healthy.url, "IoBound", users=6, seconds=2)
    assert run.verdict == "healthy", run.output
    assert run.output.count("Verdict:") == 1
