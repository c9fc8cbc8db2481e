"""Runs of all kinds as the page has them, with names that are not nice."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

from locust.stats import RequestStats

import explain_keep
import explain_page
from explain_analysis import analyse
from explain_generator import Load
from explain_paste import Started
from explain_record import Record
from explain_server_timing import Served
from explain_tally import Tally, tally_of
from explain_timeline import timeline
from tests.locustfiles import arriving, simulated
from tests.locustfiles.instances import CPU, IO, own, records_of
from tests.locustfiles.samples import FINE, run
from tests.locustfiles.simulated import App, Route

EVIL = "POST </script><script>alert(1)</script><!-- \"'`&{{ x }}<img src=x onerror=alert(2)> 日本語 " + "long/" * 40
COMPOSE = Started(compose=True)
EXACT = Served(3, 12, "SlotWorker", 1)
HANGS = [Route("GET /", [0.05]), Route("GET /report", [0.05, ("hang", 0.1)])]


def shown(
    records: Iterable[Record], state: str = "running", load: Load = FINE[0], how: Started = COMPOSE
) -> dict[str, Any]:
    """What the page shows of 36 users' run of 10 s, in which those who send nothing just now make a pause."""
    tally = tally_of(records)
    pausing = max(0.0, 36 - tally.response.total / 1e3 / 10)
    loads = [load._replace(wanted_ms=pausing * load.seconds * 1e3)]
    return explain_page.found(analyse(tally, 36, 10.0, loads), timeline(tally, 10.0), state, how)


def seen(tally: Tally, load: Load, users: int = 36) -> dict[str, Any]:
    """What the page shows of what a simulation's Locust has counted."""
    return explain_page.found(
        analyse(tally, users, load.seconds, [load]), timeline(tally, load.seconds), "kept", COMPOSE
    )


def tables(records: Iterable[Record]) -> str:
    """Locust's own tables of a kept run."""
    stats = RequestStats()
    for record in records:
        method, _, name = record.name.partition(" ")
        stats.log_request(method, name, round(record.response_ms), 0)
        if record.error:
            stats.log_error(method, name, record.error)
    told = {"count": 3, "msg": f"KeyError {EVIL}", "traceback": f"File {EVIL}\n" * 3}
    return explain_keep.locusts(SimpleNamespace(stats=stats, runner=SimpleNamespace(exceptions={1: told})))


def named(records: Iterable[Record]) -> Iterator[Record]:
    """Requests of three routes."""
    names = ("GET /checkout", "GET /", EVIL)
    return (record._replace(name=names[number % 3]) for number, record in enumerate(records))


def failing(records: Iterable[Record]) -> Iterator[Record]:
    """Requests of which one in nine fails."""
    return (record._replace(error=None if number % 9 else f"HTTP 500 {EVIL}") for number, record in enumerate(records))


@functools.cache
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
        "gil": seen(*simulated.counted(App(CPU, 1, 18, vcpu=2), 36, 10.0)),
        "inside": seen(*simulated.counted(App([Route("GET /", [("lock", 0.1)])], 3, 12, shared={"lock": 1}), 36, 10.0)),
        "stuck": seen(*simulated.counted(App(HANGS, 3, 6), 36, 20.0)),
        "memory": seen(*simulated.counted(App([Route("GET /", [0.1], grows_mb=0.02)], 3, 12), 18, 20.0), 18),
        "unknown": shown(run(rate=50, wait_ms=80)),
        "imbalance": shown(records_of(App(IO, 3, 6, origins=own(2), gets=[0.75, 0.25], stay=True), 36, 10.0)),
        "errors": shown(failing(run(setting=EXACT, rate=350, queue_ms=0.5))),
        "mixed-up": shown(run(rate=1700)),
        "generator": shown(run(setting=EXACT, rate=350), load=Load(seconds=10, cpu_seconds=9.5, cores=4)),
        "no-data": shown(record._replace(timing=None) for record in run()),
    }


@functools.cache
def odd() -> dict[str, dict[str, Any]]:
    """Runs that are hard to show."""
    slow = Served(1, 1, "SlotWorker", 1)
    names = ("GET /" + 195 * "x", "GET /" + "a-long-name/" * 16, EVIL, *(f"GET /{number}" for number in range(37)))
    many = (record._replace(name=names[number % 40]) for number, record in enumerate(run(queue_ms=0.5)))
    return {
        "40 routes": shown(many),
        "seven digits": shown(run(rate=9, setting=slow, app_ms=1234567, wait_ms=1234567, queue_ms=1234560.0)),
        "less than 1 ms": shown(run(app_ms=0.3, wait_ms=0.1, cpu_ms=0.0, queue_ms=0.05)),
        "0 ms": shown(run(app_ms=0, wait_ms=0, cpu_ms=0.0, queue_ms=0.0)),
        "60 workers": shown(run(rate=900, setting=Served(60, 2, "SlotWorker", 16), queue_ms=0.5)),
        "imbalance between workers": shown(run(wait_ms=60, shares=(0.7, 0.2, 0.1), queue_ms=59.0)),
        "open load": seen(*arriving.counted(App(IO, 3, 6), 150, 10.0, 1000)),
        "arrivals that had to wait": seen(*arriving.counted(App(IO, 3, 6), 300, 10.0, 60)),
        "nothing ended": explain_page.found(analyse(Tally(), 36, 30.0, FINE), timeline(Tally(), 30.0), "kept", COMPOSE),
    }
