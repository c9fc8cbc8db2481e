"""The verdicts on simulated apps whose bottleneck is known, and what following them does."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from explain_analysis import analyse
from explain_generator import Load
from explain_record import Record
from explain_server_timing import Timing
from explain_tally import tally_of
from explain_types import Analysis
from tests.locustfiles.simulated import App, Route, Run, around, between, explained, none, tally_from


def exponential(seconds: float) -> Callable[[random.Random], float]:
    return lambda chance: chance.expovariate(1 / seconds)


def mostly(quick: float, slow: float, share: float) -> Callable[[random.Random], float]:
    return lambda chance: slow if chance.random() < share else quick


PAGES = [Route(f"GET /page/{number}", [around(0.02)]) for number in range(9)]
STORY = [*PAGES, Route("GET /report", [0.8])]
IO = [Route("GET /io", [around(0.1)])]
LOCKED = [Route("GET /locked", [("lock", 0.02)])]
POOLED = [Route("GET /rows", [("pool", around(0.1))])]
COMPUTED = [Route("GET /cpu", [("cpu", 0.02)])]
THINK = between(1, 3)

CASES: dict[str, tuple[App, int, Any, str]] = {
    "the story": (App(STORY, 1, 1), 15, THINK, "slots"),
    "the story, cured": (App(STORY, 2, 3), 15, THINK, "healthy"),
    "the story, nobody counts": (App(STORY, 1, 1, queue_known=False), 15, THINK, "unknown"),
    "one slot": (App(IO, 1, 1), 18, none, "slots"),
    "too few slots": (App(IO, 3, 6), 36, none, "slots"),
    "as many slots as users": (App(IO, 3, 6), 18, none, "healthy"),
    "bare gthread, as many slots as users": (App(IO, 3, 6, kind="gthread"), 18, none, "imbalance"),
    "a lock of all workers": (App(LOCKED, 2, 9, shared={"lock": 1}), 36, none, "inside"),
    "a lock in each worker": (App(LOCKED, 2, 9, each={"lock": 1}), 36, none, "inside"),
    "a lock, one worker": (App(LOCKED, 1, 18, each={"lock": 1}), 36, none, "inside"),
    "a lock and slots to spare": (App(LOCKED, 3, 12, shared={"lock": 1}), 18, none, "inside"),
    "a pool of ten": (App(POOLED, 3, 12, shared={"pool": 10}), 36, none, "inside"),
    "a pool in each of two": (App(POOLED, 2, 18, each={"pool": 5}), 36, none, "inside"),
    "a pool that is a little too small": (
        App([Route("GET /rows", [("pool", 0.1)])], 2, 12, each={"pool": 5}),
        24,
        none,
        "inside",
    ),
    "a pool that is large enough": (App(POOLED, 3, 6, shared={"pool": 20}), 36, none, "slots"),
    "one slow route behind a lock": (
        App([*PAGES, Route("POST /orders", [("lock", 0.2)], weight=3)], 2, 9, shared={"lock": 1}),
        *(30, between(0.1, 0.5), "inside"),
    ),
    "few that take long": (App([Route("GET /two", [mostly(0.02, 0.8, 0.1)])], 3, 12), 30, none, "healthy"),
    "half of them take long": (App([Route("GET /two", [mostly(0.02, 0.8, 0.5)])], 3, 12), 30, none, "healthy"),
    "any length": (App([Route("GET /any", [exponential(0.2)])], 3, 12), 30, none, "healthy"),
    "some hang": (App([*IO, Route("GET /hangs", [("hang", 1.0)], weight=0.02)], 3, 6), 36, none, "stuck"),
    "a queue longer than the run": (App([Route("GET /long", [around(1.0)])], 1, 2), 99, none, "slots"),
    "streams": (App([Route("GET /stream", [0.005], after=0.5)], 2, 4), 12, none, "slots"),
    "streams with room": (App([Route("GET /stream", [0.005], after=0.5)], 2, 6), 12, none, "healthy"),
    "CPU": (App(COMPUTED, 3, 4), 12, none, "cpu"),
    "the GIL": (App(COMPUTED, 1, 6, vcpu=2), 12, none, "gil"),
    "no GIL": (App(COMPUTED, 1, 6, vcpu=2, gil=False, says_gil=False), 12, none, "cpu"),
    "the GIL is let go": (App(COMPUTED, 1, 6, vcpu=2, gil=False), 12, none, "cpu"),
    "the GIL of three of four": (App(COMPUTED, 3, 4, vcpu=4), 24, none, "gil"),
    "a background thread": (App(IO, 1, 12, background=0.9), 6, none, "cpu"),
    "a network": (App(IO, 3, 6, wire=0.12), 12, none, "healthy"),
    "failures": (App([Route("GET /io", [0.1], fails=0.05)], 3, 6), 18, none, "errors"),
    "few failures": (App([Route("GET /io", [0.1], fails=0.001)], 3, 6), 18, none, "healthy"),
    "a leak": (App([Route("GET /io", [0.1], grows_mb=0.02)], 3, 6), 18, none, "memory"),
    "hardly anybody": (App(IO, 1, 1), 1, between(1, 3), "healthy"),
    "all at once, then hardly anybody": (App(IO, 1, 2), 16, lambda chance: chance.uniform(8, 30), "healthy"),
}


@pytest.mark.parametrize("seed", [7, 8, 9])
@pytest.mark.parametrize(("app", "users", "think", "code"), CASES.values(), ids=CASES.keys())
def test_the_bottleneck_is_named(app: App, users: int, think: Any, code: str, seed: int) -> None:
    found = explained(app, users, think=think, seed=seed)
    assert found.verdict.code == code, found.verdict
    assert found.load.accounted_users is not None
    if code != "stuck":
        assert found.load.accounted_users == pytest.approx(users, rel=0.15) or found.load.seconds < 30


def setting_of(found: Analysis) -> tuple[int, int] | None:
    """What to set next, if that is something else than what is set."""
    for match in re.finditer(r"GUNICORN_WORKERS=(\d+) GUNICORN_THREADS=(\d+)", found.verdict.suggestion):
        if (shape := (int(match[1]), int(match[2]))) != (found.setting.workers, found.setting.threads):
            return shape
    return None


@pytest.mark.parametrize("name", CASES)
def test_following_it_never_harms_and_cures_what_slots_can_cure(name: str) -> None:
    app, users, think, code = CASES[name]
    found = explained(app, users, think=think)
    shape = setting_of(found)
    if shape is None or code == "cpu":  # that is another plan's
        return
    kind = "SlotWorker" if "gunicorn_slots.SlotWorker" in found.verdict.suggestion else app.kind
    after = explained(replace(app, workers=shape[0], threads=shape[1], kind=kind), users, think=think)
    assert shape[0] >= 2
    assert shape[0] * shape[1] >= 2
    assert after.response_ms.p95 is not None
    assert found.response_ms.p95 is not None
    assert after.response_ms.p95 <= 1.05 * found.response_ms.p95
    assert after.load.rps >= 0.95 * found.load.rps
    if code in ("slots", "imbalance"):
        assert after.queue_ms.mean is not None
        assert after.response_ms.mean is not None
        assert after.queue_ms.mean < 0.1 * after.response_ms.mean
        assert after.verdict.code in ("healthy", "inside")


@pytest.mark.parametrize("name", CASES)
def test_no_advice_is_one_slot_or_one_worker(name: str) -> None:
    app, users, think, _ = CASES[name]
    found = explained(app, users, think=think, memory_mb=2048)
    advised = found.verdict.suggestion.split("go back to")[0]
    assert not re.search(r"GUNICORN_WORKERS=1 GUNICORN_THREADS=1\b", advised)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[3] == "inside"])
def test_what_waits_inside_gets_no_more_slots(name: str) -> None:
    app, users, think, _ = CASES[name]
    found = explained(app, users, think=think)
    shape = setting_of(found)
    assert "no more threads" in found.verdict.suggestion
    assert shape is None or shape[0] * shape[1] <= app.workers * app.threads + app.workers


def test_the_route_that_holds_the_slots_is_named() -> None:
    found = explained(CASES["the story"][0], 15, think=THINK)
    assert found.routes[0].name == "GET /report"
    assert found.routes[0].held_share == pytest.approx(0.8 / (0.8 + 9 * 0.02), abs=0.06)
    assert "GET /report holds" in found.verdict.text
    assert "of the time" in found.verdict.text
    assert "GET /report holds" in explained(CASES["the story, cured"][0], 15, think=THINK).verdict.text
    assert "holds" not in explained(*CASES["as many slots as users"][:2]).verdict.text  # there is but one


def test_the_parts_of_the_response_add_up() -> None:
    found = explained(CASES["the story"][0], 15, think=THINK)
    parts = [found.queue_ms.mean, found.wire_ms.mean, found.app_ms.mean]
    assert None not in parts
    assert sum(part or 0.0 for part in parts) == pytest.approx(found.response_ms.mean, rel=0.01)
    assert found.queue_known == 1.0


def test_streams_hold_their_slots() -> None:
    found = explained(*CASES["streams with room"][:2])
    assert found.slots_busy == pytest.approx(12, rel=0.02)
    assert found.demand.app_s == pytest.approx(0.505, rel=0.05)
    assert found.app_ms.mean == pytest.approx(5, rel=0.01)
    assert "streamed" in found.verdict.text
    assert "network" not in found.verdict.text


def test_how_many_are_stuck() -> None:
    app, users, think, _ = CASES["some hang"]
    found = explained(app, users, seconds=40.0, think=think).verdict
    assert re.match(r"On average, (2\d|3\d) of 36 users", found.text)
    nobody = analyse(tally_of([]), 36, 20.0)
    assert nobody.verdict.code == "stuck"
    assert "36 users" in nobody.verdict.text


def test_who_pauses_for_longer_than_the_run_is_not_stuck() -> None:
    """A pause within a task, of which nobody tells, while hardly a slot is held."""
    run = Run(App(IO, 3, 6), 36, lambda chance: 600.0 if chance.random() < 0.1 else 0.5, 7)
    run.run(20.0)
    found = analyse(tally_from(run), 36, 20.0, [Load(seconds=20, cpu_seconds=2)]).verdict
    assert found.code == "healthy"
    assert "are not accounted for: they pause" in found.text


@pytest.mark.parametrize("memory_mb", [50, 100, 130])
@pytest.mark.parametrize("name", ["one slot", "the story", "too few slots", "a lock, one worker", "hardly anybody"])
def test_nothing_is_suggested_that_memory_has_no_room_for(name: str, memory_mb: int) -> None:
    app, users, think, _ = CASES[name]
    found = explained(app, users, think=think, memory_mb=memory_mb)
    shape = setting_of(found)
    assert shape is None or shape[0] * 40 <= 0.85 * memory_mb or shape[0] == 1


def two_runs(one: App, other: App) -> Analysis:
    """Two gunicorns behind one address."""
    runs = [Run(one, 9, none, 1), Run(other, 9, none, 2)]
    for run in runs:
        run.run(20.0)
    records = sorted((record for run in runs for record in run.records), key=lambda record: record.at)
    return analyse(tally_of(records), 18, 20.0, [Load(seconds=20, cpu_seconds=2)])


def test_a_pid_that_two_servers_have() -> None:
    app = App(IO, 1, 6)
    runs = [Run(app, 9, none, seed) for seed in (1, 2)]
    for run in runs:
        run.run(20.0)
    older = [
        record._replace(timing=record.timing._replace(at=record.timing.at + 100))
        for record in runs[1].records
        if record.timing and record.timing.at is not None
    ]
    records = sorted([*runs[0].records, *older], key=lambda record: record.at)
    found = analyse(tally_of(records), 18, 20.0, [Load(seconds=20, cpu_seconds=2)]).verdict
    assert found.code == "mixed-up"
    assert "clock" in found.text
    assert "GUNICORN_" not in found.suggestion


def test_two_hosts_with_two_settings() -> None:
    found = two_runs(App(IO, 1, 6), App(IO, 1, 12))
    assert found.verdict.code == "mixed-up"
    assert "two settings" in found.verdict.text


def test_more_workers_at_once_than_there_are() -> None:
    run, other = Run(App(IO, 3, 3), 9, none, 1), Run(App(IO, 3, 3), 9, none, 2)
    run.run(20.0)
    other.run(20.0)
    moved = [
        record._replace(timing=record.timing._replace(pid=record.timing.pid + 50))
        for record in other.records
        if record.timing
    ]
    records = sorted([*run.records, *moved], key=lambda record: record.at)
    found = analyse(tally_of(records), 18, 20.0, [Load(seconds=20, cpu_seconds=2)]).verdict
    assert found.code == "mixed-up"
    assert "6 workers at once" in found.text


def test_a_cache_s_answers() -> None:
    run = Run(App(IO, 3, 6), 18, none, 1)
    run.run(20.0)
    kept = run.records[0].timing
    records = [
        record._replace(response_ms=2.0, timing=kept) if number % 2 else record
        for number, record in enumerate(run.records)
    ]
    found = analyse(tally_of(records), 18, 20.0, [Load(seconds=20, cpu_seconds=2)]).verdict
    assert found.code == "mixed-up"
    assert "less time" in found.text


def test_workers_that_are_replaced_are_no_two_gunicorns() -> None:
    """max_requests: each worker serves 50 requests, then another pid goes on with counters of its own."""
    run = Run(App(IO, 2, 6), 18, none, 1)
    run.run(20.0)
    records: list[Record] = []
    first: dict[int, Timing] = {}
    for record in run.records:
        timing = record.timing
        assert timing is not None
        assert timing.at is not None
        generation = (timing.served // 50) * 1000 + timing.pid
        start = first.setdefault(generation, timing)
        assert start.at is not None
        new = timing._replace(
            pid=generation,
            at=timing.at - start.at,
            cpu_seconds=timing.cpu_seconds - start.cpu_seconds,
            held_seconds=timing.held_seconds - start.held_seconds,
            served=timing.served % 50,
        )
        records.append(record._replace(timing=new))
    found = analyse(tally_of(records), 18, 20.0, [Load(seconds=20, cpu_seconds=2)])
    assert found.verdict.code == "slots"
    assert found.slots_busy == pytest.approx(12, rel=0.05)
    assert found.setting.slots == 12


def test_merged_parts_have_the_same_verdict() -> None:
    run = Run(CASES["the story"][0], 15, THINK, 7)
    run.run(20.0)
    whole = tally_from(run)
    parts = [tally_of(run.records[number::3]) for number in range(3)]
    merged = parts[0]
    for part in parts[1:]:
        merged.merge(type(part).from_dict(part.to_dict()))
    load = [Load(seconds=20, cpu_seconds=2)]
    one, other = analyse(whole, 15, 20.0, load), analyse(merged, 15, 20.0, load)
    assert one.verdict.code == other.verdict.code == "slots"
    for name in ("slots_busy", "cpu_utilization", "queue_ms", "wire_ms"):
        assert getattr(one, name) == pytest.approx(getattr(other, name)) or getattr(one, name) == getattr(other, name)
