"""Reading Locust's figures."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.bed.locust import parse


def row(**changes: Any) -> dict[str, Any]:
    return {
        "num_requests": 10,
        "num_failures": 1,
        "start_time": 100.0,
        "last_request_timestamp": 105.0,
        "response_times": {"100": 8, "200": 2},
    } | changes


def test_rows_add_up() -> None:
    text = "some log\n" + json.dumps([row(), row(start_time=101.0, last_request_timestamp=110.0)])
    result = parse(text)
    assert (result.requests, result.failures, result.seconds, result.rps) == (20, 2, 10, 2)
    assert result.percentile(0.5) == 100
    assert result.percentile(0.8) == 100
    assert result.percentile(0.81) == 200
    assert result.percentile(1) == 200


@pytest.mark.parametrize("text", ["[]", json.dumps([row(num_requests=0, response_times={})])])
def test_an_empty_run_is_no_result(text: str) -> None:
    with pytest.raises(ValueError, match="no request"):
        parse(text)
