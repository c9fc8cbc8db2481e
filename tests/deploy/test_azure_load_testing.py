"""deploy/azure-load-testing, as far as it can be tried without Azure; tests/locustfiles/test_engines.py runs it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.bed.locust import LOCUSTFILES
from tests.deploy.files import AZURE, load_test, problems, uploaded

# Which criterion is which threshold, and what one of its units is there.
MIRRORED = {
    "--check-rps {}": ("avg(requests_per_sec) < {}", 1),
    "--check-avg-response-time {}": ("avg(response_time_ms) > {}", 1),
    "--check-percentile 95:{}": ("p95(response_time_ms) > {}", 1),
    "--check-fail-ratio {}": ("percentage(error) > {}", 100),
}


def test_the_service_takes_it() -> None:
    assert problems(load_test(), "azure_load_test.yaml") == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", "v0.2"),
        ("testId", "Flask Under Gunicorn"),
        ("testId", "x"),
        ("testType", "locust"),
        ("testplan", "locustfile.py"),
        ("testPlan", "locustfile.jmx"),
        ("engineInstances", 0),
        ("engineInstances", 401),
        ("engineInstances", "3"),
        ("description", "x" * 101),
        ("failureCriteria", ["avg(response_time_ms) > 0.5"]),
        ("failureCriteria", ["p94(response_time_ms) > 250"]),
        ("failureCriteria", ["percentage(error) < 1"]),
        ("failureCriteria", ["avg(requests) > 1"]),
        ("failureCriteria", ["avg(requests_per_sec) >= 1"]),
        ("failureCriteria", "percentage(error) > 1"),
        ("autoStop", {"errorPercentage": 80}),
        ("autoStop", "off"),
        ("env", [{"name": "LOCUST_USERS", "value": 36}]),
        ("env", {"LOCUST_USERS": "36"}),
        ("properties", {"userPropertyFile": "locust.cfg"}),
        ("configurationFiles", ["a.py", "a.py"]),
        ("users", 36),
    ],
)
def test_what_the_service_would_refuse(key: str, value: object) -> None:
    assert problems(load_test() | {key: value}, "azure_load_test.yaml")


def test_all_of_the_analysis_is_uploaded() -> None:
    """A new file has to be named in load-test.yaml: the service knows no `*.py`."""
    assert {Path(name).name for name in load_test()["configurationFiles"]} == {
        path.name for path in LOCUSTFILES.glob("explain*.py")
    }


def test_nothing_lies_over_another_file(tmp_path: Path) -> None:
    test = load_test()
    uploaded(tmp_path)
    assert len(list(tmp_path.iterdir())) == len(test["configurationFiles"]) + 2


def test_the_criteria_mirror_the_thresholds() -> None:
    """Of the command line that stands above them."""
    text = (AZURE / "load-test.yaml").read_text()
    criteria = load_test()["failureCriteria"]
    for option, (criterion, unit) in MIRRORED.items():
        found = re.search(re.escape(option).replace(r"\{\}", r"([\d.]+\d)"), text)
        assert found, option
        assert criterion.format(f"{float(found[1]) * unit:g}") in criteria
    assert len(criteria) == len(MIRRORED)
