"""From synthetic records to the analysis."""

from __future__ import annotations

import collections
import gc
import json
import math
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from explain_analysis import analyse, analyse_records
from explain_record import Record
from explain_server_timing import Served, Timing
from explain_tally import Tally, tally_of
from explain_text import text
from explain_timeline import timeline
from tests.locustfiles.samples import run


def test_laws() -> None:
    found = analyse_records(run(rate=100, app_ms=80, wait_ms=20, cpu_ms=2), 10, 10.0)
    assert found.slots_busy == pytest.approx(8.0, rel=0.001)  # Little's law
    assert found.slot_utilization == pytest.approx(8 / 18, rel=0.001)
    assert found.cpu_utilization == pytest.approx(0.2, rel=0.01)  # utilization law
    assert found.memory_mb == 120
    assert found.bounds.slots_rps == pytest.approx(18 / 0.08, rel=0.01)
    assert found.bounds.cpu_rps == pytest.approx(1 / 0.002, rel=0.01)
    assert found.bounds.users_rps == pytest.approx(10 / 0.08, rel=0.01)
    assert sum(worker.share for worker in found.workers) == pytest.approx(1, abs=0.002)
    assert found.response_ms.p99 == pytest.approx(100, rel=0.01)


def test_the_keys_of_the_json() -> None:
    full, empty = analyse_records(run(), 36, 10.0), analyse(Tally(), 0, 0.0)
    keys = ["schema", "setting", "load", "arrivals", "response_ms", "delay_ms", "wait_ms", "queue_ms", "wire_ms"]
    keys += ["queue_known", "app_ms"]
    keys += ["app_quick_ms", "app_start_ms", "cpu_ms", "slots_busy", "slot_utilization", "cpu_utilization", "memory_mb"]
    keys += [
        "memory_growth_kb",
        "instances",
        "users_stay",
        "users_bound",
        "workers",
        "routes",
        "demand",
        "bounds",
        "generator",
        "verdict",
        "spread",
        "before",
    ]
    for analysis in (full, empty):
        found = asdict(analysis)
        assert list(found) == keys
        assert list(found["setting"]) == ["workers", "threads", "slots", "worker_class", "vcpu", "instances"]
        load = ["users", "seconds", "requests", "failures", "rps", "accounted_users", "start_s"]
        assert list(found["load"]) == [*load, "on_start", "on_start_ms", "exceptions"]
        assert list(found["wait_ms"]) == ["mean", "p50", "p95", "p99"]
        json.dumps(found, allow_nan=False)
        assert text(analysis)
    assert empty.verdict.code == "no-data"


def test_timeline() -> None:
    columns = timeline(tally_of(run(rate=100, app_ms=80, wait_ms=20, cpu_ms=2)), 9.5)
    assert columns.at == list(range(1, 10))
    assert columns.rps[3] == pytest.approx(100)
    assert columns.slots_busy[3] == pytest.approx(8)
    assert columns.cpu_utilization[3] == pytest.approx(0.2, rel=0.05)
    assert columns.wait_ms[3] == pytest.approx(20)


@pytest.mark.alone
def test_a_million_records_take_less_than_three_seconds_and_fifty_mb() -> None:
    def records() -> Iterator[Record]:
        setting = Served(3, 6, "gthread", 1)
        for number in range(1_000_000):
            yield Record(
                number / 2e3, 100 + number % 97, Timing(99.0, 1, number % 3, setting, number / 3e3, 40), None, 0.0
            )

    best = math.inf
    gc.freeze()  # what all the other tests have imported is not to be looked through for garbage meanwhile
    for _ in range(3):
        start = time.process_time()
        collections.deque(records(), maxlen=0)
        made = time.process_time()
        found = analyse_records(records(), 36, 500.0)
        took = time.process_time() - made
        # A virtual machine can lose a third of its speed for hours. Making the records costs as it does then.
        best = min(best, took / (made - start))
        if took < 3 or best < 7:
            break
    gc.unfreeze()
    print(f"a million records: {took:.2f} s, {best:.1f} times what making them takes")
    assert took < 3 or best < 7
    assert found.load.requests == 1_000_000
    tally, stream = Tally(), records()
    tracemalloc.start()
    for number, record in enumerate(stream):
        tally.add(record)
        if number == 50_000:
            early = tracemalloc.get_traced_memory()[0]
        if number == 150_000:
            break
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - early < 0.5e6  # 300 s of run are 300 bins; the requests themselves add nothing
    assert peak < 5e6
