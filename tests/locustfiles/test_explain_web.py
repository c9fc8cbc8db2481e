"""The web UI, by its JSON."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.bed.gunicorn import Server
from tests.bed.waiting import wait_for
from tests.locustfiles.conftest import fetch
from tests.locustfiles.ui import web_ui

pytestmark = pytest.mark.load


def under_way(data: dict[str, Any]) -> float:
    """How many requests were under way at a time, by Little's law: however long one takes, one of each user."""
    return float(data["load"]["rps"] * data["response_ms"]["mean"] / 1e3)


@pytest.mark.parametrize("processes", [(), ("--processes", "2")], ids=["one process", "two"])
def test_stop_second_test_and_reset(healthy: Server, processes: tuple[str, ...]) -> None:
    with web_ui(healthy.url, *processes, TEST_REPORT_SECONDS="0.5") as ui:
        if processes:
            wait_for(lambda: fetch(ui.url + "/worker-count")["worker_count"] == 2)
        assert ui.data()["verdict"]["code"] == "no-data"
        ui.swarm(6)
        wait_for(lambda: ui.data()["verdict"]["code"] == "healthy")
        wait_for(lambda: len(ui.data()["timeline"]["at"]) >= 3)
        ui.stop()
        time.sleep(1 if processes else 0.5)  # the workers' last reports
        first = ui.data()
        assert first["verdict"]["code"] == "healthy"
        assert first["load"]["users"] == 6
        time.sleep(1)
        assert ui.data()["load"] == first["load"]  # stopped in the middle, and nothing moves any more

        ui.swarm(12)  # a second test starts from nothing
        wait_for(lambda: ui.data()["load"]["users"] == 12 and ui.requests() > 200)
        assert under_way(ui.data()) == pytest.approx(12, rel=0.15)

        before = ui.requests()
        with pytest.raises(ValueError, match="Expecting value"):
            fetch(ui.url + "/stats/reset", b"")  # answers "ok", which is no JSON
        assert ui.requests() < before / 2
        wait_for(lambda: ui.requests() > 200)
        assert ui.data()["verdict"]["code"] == "healthy"


def test_another_number_of_users_is_another_window(healthy: Server) -> None:
    with web_ui(healthy.url) as ui:
        ui.swarm(4)
        wait_for(lambda: ui.requests() > 50)
        ui.swarm(8)
        wait_for(lambda: ui.data()["load"]["users"] == 8 and ui.requests() > 100)
        assert under_way(ui.data()) == pytest.approx(8, rel=0.15)


def test_arrivals_by_a_field_of_the_form(healthy: Server) -> None:
    """The rate of a running test can be changed, and the next test may have users who wait."""
    with web_ui(healthy.url) as ui:
        ui.swarm(1, rps="30")
        wait_for(lambda: ui.requests() > 30)
        first = ui.data()
        assert first["arrivals"]["asked_rps"] == 30
        assert first["bounds"]["users_rps"] is None
        assert "30 a second asked for" in ui.rows()["Arrivals"]
        ui.swarm(2, rps="80")
        wait_for(lambda: ui.data()["arrivals"]["asked_rps"] == 80 and ui.requests() > 150)
        assert ui.data()["load"]["rps"] == pytest.approx(80, rel=0.25)
        ui.stop()
        ui.swarm(4, rps="", max_users="")
        wait_for(lambda: ui.requests() > 50)
        assert ui.data()["arrivals"]["asked_rps"] is None
        assert ui.data()["load"]["users"] == 4


def test_below_a_base_path(healthy: Server) -> None:
    with web_ui(healthy.url, "--web-base-path", "/load", base="/load") as ui:
        ui.swarm(4)
        wait_for(lambda: ui.requests() > 50)
        rows = wait_for(ui.rows)
        assert list(rows)[:2] == ["Verdict: healthy", "What to set"]
        assert "36 slots" in rows["Served by"]
        assert any(name.startswith("Worker ") for name in rows)
