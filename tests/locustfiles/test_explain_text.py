"""The rows and the console text."""

from __future__ import annotations

from explain_analysis import analyse, analyse_records
from explain_generator import Load
from explain_server_timing import Served
from explain_text import rows, text
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
    assert table["Route POST /orders"].startswith("holds 75 % of the slots: 100 requests, 100 failed, p50 30")
    assert "queue 5" in table["Route POST /orders"]
    assert "queue" not in table["Route GET /quick"]


def test_a_header_cannot_take_the_memory() -> None:
    tally = uniform(Served(999_999_999, 999_999_999, "gthread", 999_999_999), 200, 100, 100, 0.001)
    assert len(text(analyse(tally, 18, 10.0, [Load(10.0, 1.0)], None, None))) < 5000
