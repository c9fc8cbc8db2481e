"""What a calm run is told of the load that it would hold."""

from __future__ import annotations

import pytest

from explain_types import Bounds
from explain_verdict_calm import first_limit
from tests.locustfiles import arriving
from tests.locustfiles.simulated import App, Route, between, explained

IO = Route("GET /io", [0.1])
ASK = "17 users can ask for at most 31 requests/s"


@pytest.mark.parametrize(
    ("bounds", "told"),
    [
        (Bounds(180.0, 95.0, 31.0), f"{ASK}; with more users the CPU would be full first, at 95 requests/s."),
        (Bounds(60.0, 95.0, 31.0), f"{ASK}; with more users the slots would be full first, at 60 requests/s."),
        (Bounds(180.0, 95.0, 200.0), "With more load the CPU would be full first, at 95 requests/s."),
        (Bounds(60.0, None, None), "With more load the slots would be full first, at 60 requests/s."),
        (Bounds(None, None, 31.0), f"{ASK}."),
        (Bounds(31.0, None, 31.0), f"{ASK}; with more users the slots would be full first, at 31 requests/s."),
        (Bounds(None, None, None), ""),
    ],
    ids=["users, then CPU", "users, then slots", "CPU", "slots, arrivals", "an event loop", "equal ones", "unknown"],
)
def test_what_would_be_full_first(bounds: Bounds, told: str) -> None:
    assert first_limit(bounds, 17) == told


def test_a_healthy_run_says_it_at_the_end() -> None:
    found = explained(App([IO], 3, 6), 10, think=between(0.2, 0.4)).verdict
    assert found.code == "healthy"
    assert "10 users can ask for at most" in found.suggestion
    assert "; with more users the slots would be full first, at" in found.suggestion
    assert "so many users" not in found.suggestion
    assert "With more load the slots would be full first" in arriving.explained(App([IO], 3, 6), 20).verdict.suggestion
