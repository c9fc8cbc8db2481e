"""The rows and the console text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from explain_analysis import analyse, analyse_records
from explain_generator import Load
from explain_server_timing import Served
from explain_tally import tally_of
from explain_text import rows, text, waiting
from explain_types import Analysis, Before
from tests.locustfiles.samples import run, uniform


def test_rows_begin_with_the_verdict_and_end_with_the_workers() -> None:
    table = rows(analyse_records(run(), 36, 10.0))
    assert table[0][0].startswith("Verdict: ")
    assert [name for name, _ in table[-3:]] == ["Worker 100", "Worker 101", "Worker 102"]


def test_the_route_that_holds_most_comes_first() -> None:
    """Beside the single figures; a route alone is the run itself."""
    found = analyse_records(run(), 36, 10.0)
    assert not any(name.startswith("Route ") for name, _ in rows(found))
    both = [record._replace(name="GET /quick") for record in run(rate=100, app_ms=10)]
    both += [
        record._replace(name="POST /orders", error="HTTP 500") for record in run(rate=10, app_ms=300, queue_ms=5.0)
    ]
    table = dict(rows(analyse_records(both, 6, 10.0)))
    routes = [name for name in table if name.startswith("Route ")]
    assert routes == ["Route POST /orders", "Route GET /quick"]
    assert table["Route POST /orders"].startswith(
        "holds 75 % of the slots: 100 requests, 100 failed, half of them up to 30"
    )
    assert "on average 5 ms in the queue, 300 ms in the app, " in table["Route POST /orders"]
    assert "queue" not in table["Route GET /quick"]
    assert "p50" not in text(analyse_records(both, 6, 10.0))


def test_what_an_earlier_run_says_follows_the_advice_and_its_folder_can_be_copied() -> None:
    name = "reports/20261126-092000-3x6"
    for start in range(60):
        line = f"{'x ' * start}Before, at 3 × 6 ({name}): 57.1 requests/s, p95 310 ms. At 3 × 12 it is 58.2, 320 ms."
        earlier = Before(name, "3 × 6", "3 × 12", 57.1, 310.0, None, None, False, line)
        found = replace(analyse_records(run(), 36, 10.0), before=earlier)
        assert [what for what, _ in rows(found)][1:3] == ["What to set", "Earlier run"]
        assert name in text(found)
    assert "Earlier run" not in text(replace(found, before=None))


def test_a_header_cannot_take_the_memory() -> None:
    tally = uniform(Served(999_999_999, 999_999_999, "gthread", 999_999_999), 200, 100, 100, 0.001)
    assert len(text(analyse(tally, 18, 10.0, [Load(10.0, 1.0)], None, None))) < 5000


def computing(setting: Served, app_ms: float = 60.0) -> Analysis:
    """46 requests/s that compute for 21 ms each, and wait for 50 ms before the app has them."""
    records = run(rate=46, cpu_ms=21, app_ms=app_ms, wait_ms=52, queue_ms=50.0, setting=setting)
    return analyse_records(records, 6, 10.0)


@pytest.mark.parametrize(
    ("vcpu", "code", "why"), [(2, "gil", "each worker's own core was full"), (1, "cpu", "the CPU was full")]
)
def test_beside_free_slots_nobody_waits_for_one(vcpu: int, code: str, why: str) -> None:
    found = computing(Served(1, 6, "SlotWorker", vcpu))
    assert found.verdict.code == code
    table = dict(rows(found))
    assert table["Waiting to be served"].startswith("50 ms on average")
    assert table["Waiting to be served"].endswith(f"; 2.76 of 6 slots were busy meanwhile, and {why}")
    assert "Waiting for a slot" not in table
    assert waiting(found) == code


def test_beside_none_that_is_free_they_do() -> None:
    full = computing(Served(1, 3, "SlotWorker", 2))
    assert full.verdict.code == "gil"
    assert "Waiting for a slot" in dict(rows(full))
    unmeasured = replace(full, slots_busy=None, slot_utilization=None)
    assert "Waiting for a slot" in dict(rows(unmeasured))
    waits = analyse_records(run(rate=175, wait_ms=104, queue_ms=103.0, setting=Served(3, 6, "SlotWorker", 1)), 36, 10.0)
    assert (waits.verdict.code, waiting(waits)) == ("slots", "slot")


def test_an_event_loop_has_no_slot_to_wait_for() -> None:
    found = analyse_records(run(rate=170, wait_ms=30, queue_ms=25.0, setting=Served(3, 1, "gevent", 1)), 36, 10.0)
    assert waiting(found) == "loop"
    assert dict(rows(found))["Waiting to be served"].endswith(")")


def test_a_route_that_is_redirected_says_that_its_times_are_of_both() -> None:
    tally = tally_of(run(rate=100, app_ms=10))
    tally.merge(tally_of(record._replace(name="POST /login") for record in run(rate=10, app_ms=203)))
    assert "redirected" not in text(analyse(tally, 6, 10.0))
    tally.routes["POST /login"].landed_on = "GET /shop"
    found = analyse(tally, 6, 10.0)
    assert [route.landed_on for route in found.routes if route.name == "POST /login"] == ["GET /shop"]
    assert dict(rows(found))["Route POST /login"].endswith("; redirected to GET /shop: the times are of both together")
