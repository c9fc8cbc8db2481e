"""The setting that a verdict suggests."""

from __future__ import annotations

import re

import pytest

from explain_analysis import analyse
from explain_generator import Load
from explain_server_timing import Served
from explain_types import Verdict
from tests.locustfiles.samples import uniform, verdict
from tests.locustfiles.simulated import App, Route, explained


def shape(found: Verdict) -> tuple[int, int]:
    match = re.search(r"GUNICORN_WORKERS=(\d+) GUNICORN_THREADS=(\d+)", found.suggestion)
    assert match, found
    return int(match[1]), int(match[2])


def test_gil_suggests_a_worker_per_cpu() -> None:
    assert shape(verdict(setting=Served(1, 6, "gthread", 2), rate=46, cpu_ms=21)) == (2, 6)


def test_no_more_slots_than_the_cpu_bound_can_fill() -> None:
    found = verdict(setting=Served(1, 1, "sync", 1), rate=11.5, app_ms=85, wait_ms=3000, cpu_ms=5.7)
    workers, threads = shape(found)
    assert 16 <= workers * threads <= 20  # 1 / 5.7 ms = 175 requests/s, each for 85 ms
    assert "then the CPU becomes the limit" in found.text
    assert "at most 175 requests/s" in found.suggestion


def test_no_more_workers_than_memory_has_room_for() -> None:
    busy = Served(1, 6, "gthread", 8)
    assert shape(verdict(setting=busy, rate=46, cpu_ms=21, memory_mb=1024))[0] == 8
    assert shape(verdict(setting=busy, rate=46, cpu_ms=21, memory_mb=200))[0] == 4  # of 40 MB each
    assert "no room for another worker" in verdict(setting=busy, rate=46, cpu_ms=21, memory_mb=60).suggestion


def test_users_who_think_need_fewer_slots() -> None:
    setting = Served(1, 1, "sync", 1)
    found = verdict(setting=setting, rate=9.8, wait_ms=2000, think_ms=1000, seconds=60)
    workers, threads = shape(found)
    assert 4 <= workers * threads <= 9  # 36 users in the app for a tenth of the time


def test_an_event_loop_is_told_no_slots() -> None:
    tally = uniform(Served(1, 1, "gevent", 4), 1850, 100, 5, 0.0052)
    verdict = analyse(tally, 18, 10.0, [Load(10.0, 1.0)], None, None).verdict
    assert verdict.code == "gil"
    assert "slot" not in verdict.suggestion
    assert "GUNICORN_THREADS" not in verdict.suggestion
    idle = analyse(uniform(Served(1, 1, "gevent", 4), 180, 100, 2, 0.001), 2, 10.0, [Load(10.0, 1.0)], None, None)
    assert idle.verdict.code == "healthy"
    assert "GUNICORN_THREADS" not in idle.verdict.suggestion


def test_the_cpu_becomes_the_limit_only_where_it_does() -> None:
    tally = uniform(Served(1, 1, "gthread", 1), 100, 100, 2500, 0.001, think_ms=1000)
    assert "becomes the limit" not in analyse(tally, 36, 10.0, [Load(10.0, 0.1)], None, None).verdict.text


def test_more_than_one_worker_keeps_nothing_in_its_process() -> None:
    """Only where there was one is it said: more than one there cannot have been otherwise."""
    one = explained(App([Route("GET /io", [0.1])], 1, 1), 18).verdict
    assert "GUNICORN_WORKERS=2" in one.suggestion
    assert "keeps nothing in its process" in one.suggestion
    more = explained(App([Route("GET /io", [0.1])], 3, 6), 36).verdict
    assert "GUNICORN_WORKERS=3" in more.suggestion
    assert "keeps nothing in its process" not in more.suggestion


@pytest.mark.parametrize(("memory_mb", "told"), [(None, "need about 80 MB"), (4096, ""), (128, "80 of 128 MB")])
def test_what_further_workers_need_is_said_where_the_plan_s_memory_is_not_known(
    memory_mb: float | None, told: str
) -> None:
    found = explained(App([Route("GET /io", [0.1])], 1, 1), 18, memory_mb=memory_mb).verdict.suggestion
    assert told in found
    assert ("MB" in found) is bool(told)


@pytest.mark.parametrize(
    ("app", "code"),
    [
        (App([Route("GET /io", [0.1])], 1, 12), "healthy"),
        (App([Route("GET /lock", [("lock", 0.02)])], 1, 12, each={"lock": 1}), "inside"),
        (App([Route("GET /aside", [("cpu", 0.001), ("aside", 0.05)])], 1, 12, vcpu=2), "cpu"),
    ],
)
def test_a_worker_to_try_is_told_with_its_memory_and_what_it_takes(app: App, code: str) -> None:
    found = explained(app, 12).verdict
    assert found.code == code
    assert "need about 80 MB" in found.suggestion
    assert "keeps nothing in its process" in found.suggestion
