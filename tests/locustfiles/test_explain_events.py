"""What counts as a request, and what the thresholds count; without a server."""

from __future__ import annotations

import argparse
import json
from types import SimpleNamespace
from typing import Any

import pytest
from locust import User
from locust.env import Environment

import explain_thresholds
from explain_options import add_options
from explain_run import Explanation
from explain_thresholds import Check

OURS = 'app;dur=100.0, cpu;dur=1.0, gunicorn;desc="pid=17 workers=3 threads=6 class=gthread vcpu=1 cpu=1.00 rss=40.0"'


class Nobody(User):
    tasks: list[Any] = []  # noqa: RUF012


@pytest.fixture
def explanation() -> Explanation:
    environment = Environment(user_classes=[Nobody])
    environment.create_local_runner()
    made = Explanation(environment)
    made.start_test()
    made.begin(6)
    return made


def answer(**further: Any) -> SimpleNamespace:
    return SimpleNamespace(status_code=200, headers={"Server-Timing": OURS}, history=[], **further)


def request(explanation: Explanation, **event: Any) -> None:
    explanation.on_request(
        **{
            "request_type": "GET",
            "name": "/one",
            "response_time": 101.0,
            "exception": None,
            "response": answer(),
            **event,
        }
    )


def test_what_is_no_http_request_does_not_count_against_the_header(explanation: Explanation) -> None:
    for _ in range(50):
        request(explanation)
        request(explanation, request_type="DB", name="SELECT", response=None)
        request(explanation, request_type="WSR", name="message", response="text")
        request(explanation, request_type="POST", name="time to first token", response=None)
    found = explanation.analysis()
    assert found.verdict.code != "no-data"
    assert found.load.requests == 50
    assert [route.name for route in found.routes] == ["GET /one"]
    assert explanation.total().requests == 200  # as Locust has them


def test_a_response_counts_once(explanation: Explanation) -> None:
    for _ in range(20):
        response = answer()
        request(explanation, response=response)
        request(explanation, response=response, name="checked")
    assert explanation.analysis().load.requests == 20


def test_no_exception_is_no_failure(explanation: Explanation) -> None:
    for _ in range(20):
        request(explanation, exception=False)
    assert explanation.analysis().load.failures == 0
    request(explanation, exception=ValueError(), response=None)  # no connection
    assert explanation.analysis().load.failures == 1
    assert explanation.total().failures == 1


def test_a_response_that_takes_no_attribute_counts(explanation: Explanation) -> None:
    class Sealed:
        __slots__ = ("headers", "history", "status_code")

    for _ in range(20):
        response = Sealed()
        response.headers, response.history, response.status_code = {"Server-Timing": OURS}, [], 200  # type: ignore[attr-defined]
        request(explanation, response=response)
    assert explanation.analysis().load.requests == 20


def options(*args: str) -> argparse.Namespace:
    import configargparse  # type: ignore[import-untyped]  # noqa: PLC0415

    parser = configargparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(list(args))  # type: ignore[no-any-return]


def test_thresholds_count_from_the_first_ramp_to_the_end(explanation: Explanation) -> None:
    """Another number of users starts another window, but the run has failed as much before, and in between."""
    for _ in range(30):
        request(explanation, exception=ValueError())
    explanation.end()  # another ramp
    for _ in range(43):
        request(explanation, exception=ValueError())
    explanation.begin(12)
    for _ in range(27):
        request(explanation)
    explanation.finish()
    request(explanation, exception=ValueError())  # after the end
    found = explanation.analysis()
    assert (found.load.requests, found.load.failures) == (27, 0)
    assert explanation.total().requests == 100
    checks = explain_thresholds.checked(options("--check-fail-ratio", "0.5"), explanation.total(), 10.0)
    assert checks == [Check("--check-fail-ratio 0.5: missed with 0.73", False)]


def test_the_web_ui_s_form_has_texts(explanation: Explanation) -> None:
    """An empty one for each option that nobody has set."""
    request(explanation, exception=ValueError())
    form = dict.fromkeys(("check_rps", "check_fail_ratio", "check_avg_response_time", "check_percentile"), "")
    assert explain_thresholds.checked(SimpleNamespace(**form), explanation.total(), 10.0) == []
    assert not explain_thresholds.decides(SimpleNamespace(**form))
    form |= {"check_rps": "0.1", "check_percentile": "much"}
    met, bad = explain_thresholds.checked(SimpleNamespace(**form), explanation.total(), 10.0)
    assert met == Check("--check-rps 0.1: met with 0.1", True)
    assert bad.line.startswith("--check-percentile: missed: 'much': expected PERCENT:MILLISECONDS")


def test_the_first_ramp_does_not_count() -> None:
    environment = Environment(user_classes=[Nobody])
    environment.create_local_runner()
    made = Explanation(environment)
    made.start_test()
    request(made, exception=ValueError())
    assert made.total().requests == 0
    made.begin(1)
    request(made)
    assert made.total().requests == 1
    made.reset()
    assert made.total().requests == 0


def test_a_worker_process_tells_all_that_the_thresholds_count(explanation: Explanation) -> None:
    master = Explanation(Environment(user_classes=[Nobody]))
    master.environment.create_local_runner()
    master.start_test()
    master.begin(6, run=1)

    def report() -> None:
        data: dict[str, Any] = {}
        explanation.on_report_to_master(data)
        master.on_worker_report("one", json.loads(json.dumps(data)))

    for _ in range(10):
        request(explanation)
    report()
    for _ in range(5):
        request(explanation)
    explanation.end()
    for _ in range(3):
        request(explanation, exception=ValueError())
    report()
    master.begin(12, run=2)
    explanation.begin(12, run=2)
    for _ in range(20):
        request(explanation)
    report()
    assert master.analysis().load.requests == 20
    assert master.total().requests == 38
    assert master.total().failures == 3
    assert master.tally.routes["GET /one"].rest.count == 12  # the test's first ones, also in a later window


def test_the_window_is_named(explanation: Explanation) -> None:
    explanation.test_began -= 12
    request(explanation)
    assert explanation.analysis().load.start_s == pytest.approx(12, abs=0.5)


def test_options_that_are_there_already_are_shared() -> None:
    """As those of locust-plugins, which has the same names, and which Locust imports before any scenario."""
    import configargparse  # noqa: PLC0415

    parser = configargparse.ArgumentParser()
    parser.add_argument("--check-rps", type=float, env_var="LOCUST_CHECK_RPS")
    parser.add_argument("--check-fail-ratio", type=float, env_var="LOCUST_CHECK_FAIL_RATIO")
    parser.add_argument("--check-avg-response-time", type=float)
    add_options(parser)
    found = parser.parse_args(["--check-rps", "5", "--check-percentile", "95:250", "--analysis-json", "x"])
    assert (found.check_rps, found.check_percentile) == (5.0, "95:250")
