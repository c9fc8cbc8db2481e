"""Tallies are merged exactly and stay small."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from explain_analysis import analyse
from explain_record import Record
from explain_routes import FURTHER, MOST_ROUTES
from explain_server_timing import Served, Timing
from explain_tally import MOST_BINS, MOST_ERRORS, Tally, tally_of


@given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 1e5), st.integers(1, 4)), min_size=1), st.integers(1, 5))
def test_parts_give_the_same_as_the_whole(values: list[tuple[float, float, int]], parts: int) -> None:
    setting = Served(4, 6, "gthread", 2)
    records = [Record(at, ms, Timing(ms / 2, 1, pid, setting, at, 40), None, 1.0) for at, ms, pid in values]
    whole, merged = tally_of(records), Tally()
    for part in range(parts):
        sent = json.loads(json.dumps(tally_of(records[part::parts]).to_dict()))
        merged.merge(Tally.from_dict(sent))
    one, other = analyse(whole, 9, 1e4), analyse(merged, 9, 1e4)
    for name in ("load", "response_ms", "wait_ms", "app_ms", "verdict", "bounds"):
        assert getattr(one, name) == getattr(other, name)
    assert sorted(w.requests for w in one.workers) == sorted(w.requests for w in other.workers)


def test_what_grows_is_bounded() -> None:
    setting = Served(1, 1, "sync", 1)
    tally = Tally()
    for number in range(5000):
        timing = Timing(1, 1, number + 1, setting, 1.0, 40)
        tally.add(Record(number * 10.0, 2, timing, f"error {number}", None))
    assert len(tally.bins) <= MOST_BINS
    assert len(tally.errors) <= MOST_ERRORS + 1
    assert sum(worker.requests for worker in tally.workers.values()) == 5000
    assert sum(part.requests for part in tally.bins.values()) == 5000
    assert analyse(tally, 1, 50_000.0).verdict.code == "errors"


def test_names_without_end_are_bounded_too() -> None:
    tally = Tally()
    for number in range(1000):
        tally.add(Record(1.0, 2.0, None, None, None, f"GET /item/{number}"))
    assert len(tally.routes) == MOST_ROUTES + 1
    assert tally.routes[FURTHER].response.count == 1000 - MOST_ROUTES
    assert tally.requests == tally.response.count == 1000
