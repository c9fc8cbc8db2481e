"""Tasks that begin when they are due, against a generator that shares no code with them, and against users who wait."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.bed import open_generator
from tests.bed.locust import LOCUSTFILES, Run, locust_ends
from tests.bed.locust import explained as locust
from tests.locustfiles.conftest import HERE, SCENARIO, gunicorn
from tests.locustfiles.test_agreement import differs, retried

pytestmark = pytest.mark.load
SHAPE = HERE / "shape.py"


def percentiles(run: Run) -> dict[int, float]:
    return {percent: run.analysis["response_ms"][f"p{percent}"] for percent in (50, 95, 99)}


@pytest.mark.alone
def test_the_percentiles_are_those_of_an_independent_generator() -> None:
    """At the same time, against the same slots: 100 ms each, of which no more than a third are taken."""
    with gunicorn(3, 12) as server:
        runs: list[Run] = []

        def compare() -> str | None:
            other = open_generator.beside(f"{server.url}/io?ms=100", open_generator.at_random(60, 9))
            runs.append(locust("io_bound.py", server.url, "--rps", "60", users=1, seconds=8))
            times = other.result()
            assert times.failures == runs[-1].analysis["load"]["failures"] == 0
            problems = [
                differs(f"p{percent}", mine, times.percentile(percent), 0.05)
                for percent, mine in percentiles(runs[-1]).items()
            ]
            return next(filter(None, problems), None)

        retried(compare)
    run = runs[-1]
    assert run.analysis["arrivals"]["held_back"] == 0
    assert run.analysis["generator"]["achieved_rps"] == pytest.approx(60, rel=0.2)
    parts = [run.analysis[f"{name}_ms"]["mean"] for name in ("delay", "queue", "wire", "app")]
    assert sum(parts) == pytest.approx(run.analysis["response_ms"]["mean"], rel=0.02)


@pytest.mark.alone
def test_a_stall_is_in_the_p99_of_arrivals_and_not_in_that_of_users_who_wait() -> None:
    """Two users who wait send two requests in a second in which nothing answers; 48 arrivals a second send 48.

    There is a slot for each of them, so none is there any more soon after it.
    """
    path, seconds = "/io?ms=40", 8
    with gunicorn(1, 64) as server, ThreadPoolExecutor(2) as pool:
        environ = {"TEST_PATH": path}
        other = open_generator.beside(server.url + path, open_generator.at_random(24, seconds + 1))
        open_run = pool.submit(locust, SCENARIO, server.url, "--rps", "48", users=1, seconds=seconds, environ=environ)
        closed_run = pool.submit(locust, SCENARIO, server.url, users=2, seconds=seconds, environ=environ)
        server.stall(after=5.0, seconds=1.0)
        times, arrivals, users = other.result(), open_run.result(), closed_run.result()
    assert times.percentile(99) > 600
    assert percentiles(arrivals)[99] > 600
    assert percentiles(arrivals)[95] > 200
    assert percentiles(users)[99] < 300
    assert arrivals.analysis["load"]["users"] > 20  # were added
    assert users.analysis["arrivals"]["asked_rps"] is None


def test_more_than_the_slots_hold() -> None:
    """6 slots of 100 ms each serve 60 a second; 90 a second come, for whom there are 80 users."""
    with gunicorn(1, 6) as server:
        run = locust("io_bound.py", server.url, "--rps", "90", "--max-users", "80", users=1, seconds=5)
    assert run.verdict == "slots", run.analysis["verdict"]
    arrivals, text = run.analysis["arrivals"], run.analysis["verdict"]["text"]
    assert arrivals["asked_utilization"] == pytest.approx(1.5, rel=0.2)
    assert "so the queue grows for as long as they come" in text
    assert "The load did not stay open: all 80 users" in text
    assert run.analysis["load"]["users"] == 80
    assert arrivals["held_back"] > 20
    assert run.analysis["bounds"]["users_rps"] is None
    assert run.analysis["load"]["rps"] == pytest.approx(60, rel=0.08)


def test_a_foreign_scenario(tmp_path: Path) -> None:
    """Two processes: each user logs in once, tasks and classes keep their weights, pauses of 30 s are not made."""
    scenario = tmp_path / "errands.py"
    scenario.write_text("import explain  # noqa: F401\n" + (HERE / "errands.py").read_text())
    with gunicorn(3, 12) as server:
        args = ["--rps", "60", "--rps-ramp", "1", "--processes", "2", "--max-users", "60"]
        run = locust(scenario, server.url, *args, users=4, seconds=7)
    found = {route["name"].removeprefix("GET "): route["requests"] for route in run.analysis["routes"]}
    steps = [found.get(name, 0) for name in ("cart", "pay", "leave")]
    pages, others = found["page"], found["aside"] + found["raises"]
    assert found.get("login", 0) < 0.1 * sum(steps)
    assert min(steps) >= 0.5 * max(steps) > 0  # in turn
    assert sum(steps) / (pages + others + sum(steps)) == pytest.approx(1 / 4, abs=0.1)  # by the classes' weights
    assert found["aside"] == pytest.approx(2 * found["raises"], rel=0.5)
    assert found["picture"] == pytest.approx(pages, rel=0.1)
    assert run.analysis["arrivals"]["due"] / run.analysis["load"]["seconds"] == pytest.approx(60, rel=0.15)
    assert run.analysis["load"]["seconds"] < 6.5  # without the ramp
    assert run.verdict == "healthy", run.analysis["verdict"]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--rps", "many"], "'many': expected a number of tasks per second"),
        (["--rps", "5", "--max-users", "0"], "--max-users: '0': expected a whole number of users, 1 or more"),
    ],
)
def test_bad_values(args: list[str], expected: str) -> None:
    run = ["--headless", "-u", "1", "-t", "1s", "--host", "http://127.0.0.1:9"]
    done = locust_ends(LOCUSTFILES / "io_bound.py", *run, *args, seconds=30)
    assert done.returncode == 2
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


def test_a_shape_is_a_load_of_its_own() -> None:
    run = ["--headless", "-t", "1s", "--host", "http://127.0.0.1:9", "--rps", "5"]
    done = locust_ends(SHAPE, *run, seconds=30)
    assert done.returncode == 1
    assert "a LoadTestShape, is a load of its own: expected a scenario without one" in done.stderr
