"""Runs of all kinds as the page has them, with names that are not nice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import explain_page
from explain_analysis import analyse
from explain_generator import Load
from explain_paste import Started
from explain_record import Record
from explain_server_timing import Served
from explain_tally import Tally, tally_of
from explain_timeline import timeline
from tests.locustfiles.instances import IO, own, records_of
from tests.locustfiles.samples import FINE, run
from tests.locustfiles.simulated import App

EVIL = "POST </script><script>alert(1)</script><!-- \"'`&{{ x }}<img src=x onerror=alert(2)> 日本語 " + "long/" * 40
COMPOSE = Started(compose=True)
EXACT = Served(3, 12, "SlotWorker", 1)


def shown(
    records: Iterable[Record], state: str = "running", load: Load = FINE[0], how: Started = COMPOSE
) -> dict[str, Any]:
    """What the page shows of 36 users' run of 10 s, in which those who send nothing just now make a pause."""
    tally = tally_of(records)
    pausing = max(0.0, 36 - tally.response.total / 1e3 / 10)
    loads = [load._replace(wanted_ms=pausing * load.seconds * 1e3)]
    return explain_page.found(analyse(tally, 36, 10.0, loads), timeline(tally, 10.0), state, how)


def named(records: Iterable[Record]) -> Iterator[Record]:
    """Requests of three routes."""
    names = ("GET /checkout", "GET /", EVIL)
    return (record._replace(name=names[number % 3]) for number, record in enumerate(records))


def failing(records: Iterable[Record]) -> Iterator[Record]:
    """Requests of which one in nine fails."""
    return (record._replace(error=None if number % 9 else f"HTTP 500 {EVIL}") for number, record in enumerate(records))


def runs() -> dict[str, dict[str, Any]]:
    """A run for each kind of page, by the code in its banner."""
    none = analyse(Tally(), 0, 0.0), timeline(Tally(), 0.0)
    slow = Served(3, 6, "SlotWorker", 1)
    return {
        "ready": explain_page.found(*none, "ready", COMPOSE),
        "spawning": explain_page.found(*none, "spawning", COMPOSE),
        "slots": shown(named(run(setting=slow, rate=175, wait_ms=104, queue_ms=103.0))),
        "healthy": shown(named(run(setting=EXACT, rate=350, queue_ms=0.5)), "stopped"),
        "cpu": shown(run(rate=47, cpu_ms=21, app_ms=370, wait_ms=300), "kept"),
        "unknown": shown(run(rate=50, wait_ms=80)),
        "imbalance": shown(records_of(App(IO, 3, 6, origins=own(2), gets=[0.75, 0.25], stay=True), 36, 10.0)),
        "errors": shown(failing(run(setting=EXACT, rate=350, queue_ms=0.5))),
        "mixed-up": shown(run(rate=1700)),
        "generator": shown(run(setting=EXACT, rate=350), load=Load(seconds=10, cpu_seconds=9.5, cores=4)),
        "no-data": shown(record._replace(timing=None) for record in run()),
    }
