"""Exit code 3, and one line for each threshold that is missed."""

from __future__ import annotations

import pytest

from tests.bed.gunicorn import Server
from tests.bed.locust import explained as locust
from tests.locustfiles.conftest import HERE, SCENARIO

pytestmark = pytest.mark.load


@pytest.mark.parametrize(
    ("args", "missed"),
    [
        (["--check-rps", "10", "--check-avg-response-time", "400", "--check-percentile", "95:500"], []),
        (["--check-fail-ratio", "0"], []),
        (["--check-rps", "5000"], ["--check-rps 5000: missed with"]),
        (["--check-avg-response-time", "50"], ["--check-avg-response-time 50 ms: missed with"]),
        (["--check-percentile", "99:90", "--check-rps", "5000"], ["--check-rps 5000", "--check-percentile 99: 90 ms"]),
    ],
    ids=["all met", "no failure", "rps", "mean", "two"],
)
def test_thresholds(healthy: Server, args: list[str], missed: list[str]) -> None:
    run = locust(SCENARIO, healthy.url, *args, users=12, seconds=2)
    assert run.code == (3 if missed else 0), run.output
    assert run.output.count(": missed") == len(missed)
    assert all(line in run.output for line in missed)


def test_fail_ratio_is_missed_and_errors_are_named(healthy: Server) -> None:
    env = {"TEST_PATH": "/nowhere", "TEST_WAIT": "0.05"}  # as fast as it can, Locust itself might be the limit
    run = locust(SCENARIO, healthy.url, "--check-fail-ratio", "0.5", users=4, seconds=2, environ=env)
    assert run.code == 3
    assert "--check-fail-ratio 0.5: missed with 1" in run.output
    assert run.verdict == "errors"
    assert "HTTP 404" in run.analysis["verdict"]["text"]


def test_the_fail_ratio_decides_alone_whether_failures_make_a_run_fail(healthy: Server) -> None:
    """Every fifth request fails."""
    some = HERE / "some_fail.py"
    kept = locust(some, healthy.url, "--exit-code-on-error", "1", "--check-fail-ratio", "0.5", users=4, seconds=2)
    assert kept.analysis["load"]["failures"] > 0
    assert kept.code == 0, kept.output
    assert locust(some, healthy.url, "--exit-code-on-error", "1", users=4, seconds=2).code == 1
    missed = locust(some, healthy.url, "--check-fail-ratio", "0.1", users=4, seconds=2)
    assert missed.code == 3


def test_a_load_test_shape_has_one_threshold(healthy: Server) -> None:
    """All requests of its first step fail, none of its second."""
    run = locust(HERE / "shape.py", healthy.url, "--check-fail-ratio", "0.2", users=2, seconds=6)
    assert run.analysis["load"]["failures"] <= 4  # what each user had begun when the second step did
    assert run.code == 3, run.output
    assert "--check-fail-ratio 0.2: missed" in run.output


def test_thresholds_come_from_the_environment_too(healthy: Server) -> None:
    run = locust(SCENARIO, healthy.url, users=12, seconds=2, environ={"LOCUST_CHECK_PERCENTILE": "50:10"})
    assert run.code == 3
