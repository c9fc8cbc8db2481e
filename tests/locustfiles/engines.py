"""Engines whose requests are known, as they would be written into a log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from explain_engine import Engine
from explain_record import Record
from explain_tally import tally_of
from explain_totals import Totals
from explain_types import SCHEMA
from tests.locustfiles.samples import FINE


def engine(records: Iterable[Record], name: str = "a", **facts: Any) -> Engine:
    """One that counted these requests, with all that is not said as in a run of 12 users."""
    usual: dict[str, Any] = {
        "engine": name,
        "locust": "2.47.0",
        "schema": SCHEMA,
        "host": "https://app.example",
        "begun": 1_000_000.0,
        "seconds": 10.0,
        "start_s": 1.0,
        "users": 12,
        "memory_mb": 512.0,
        "paced_rps": None,
        "loads": [list(load) for load in FINE],
        "first": [],
        "tally": tally_of(records).to_dict(),
        "others": Totals().to_list(),
        "total_seconds": 10.0,
    }
    return Engine(**(usual | facts))
