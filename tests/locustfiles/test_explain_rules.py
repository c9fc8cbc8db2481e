"""Rules at their borders: simulated apps in which a cut-off by a fixed share would be wrong."""

from __future__ import annotations

from typing import Any

import pytest

from explain_analysis import analyse
from explain_server_timing import Served
from explain_tally import tally_of
from explain_types import Analysis, Verdict
from tests.locustfiles.samples import FINE, run, verdict
from tests.locustfiles.simulated import App, Route, between, explained

SEEDS = pytest.mark.parametrize("seed", [7, 8, 9])
ROWS = [Route("GET /rows", [("cpu", 0.012), ("connection", 0.04)])]


@SEEDS
@pytest.mark.parametrize("threads", [6, 18])
def test_requests_wait_inside_however_busy_the_cpu_is_if_it_cannot_make_that_delay(threads: int, seed: int) -> None:
    found = explained(App(ROWS, 2, threads, each={"connection": 1}), 36, seed=seed)
    assert 0.5 < (found.cpu_utilization or 0.0) < 0.85
    assert found.verdict.code == "inside", found.verdict
    assert "or have more to do than at the start" in found.verdict.text


@SEEDS
@pytest.mark.parametrize("users", [35, 45, 50])
def test_competition_for_a_busy_cpu_is_no_wait_inside(users: int, seed: int) -> None:
    app = App([Route("GET /mixed", [0.05, ("cpu", 0.015)]), Route("GET /io", [0.05])], 2, 18)
    found = explained(app, users, think=between(0.2, 0.8), seed=seed)
    assert 0.45 < (found.cpu_utilization or 0.0) < 0.85
    assert found.verdict.code == "healthy", found.verdict


def hanging(users: int, hang: int, seed: int, threads: int) -> Analysis:
    """A bed in which so many of the users hang from early on, and the others go on."""
    left = [hang]

    def hangs(_: Any) -> float:
        left[0] -= 1
        return 1.0 if left[0] >= 0 else 0.0

    routes = [Route("GET /io", [lambda chance: chance.uniform(0.08, 0.12), ("hang", hangs)])]
    return explained(App(routes, 2, threads), users, seed=seed)


@SEEDS
@pytest.mark.parametrize(("users", "hang", "threads"), [(36, 5, 18), (20, 4, 10), (36, 2, 18), (36, 4, 24)])
def test_a_few_that_hang_are_named(users: int, hang: int, threads: int, seed: int) -> None:
    found = hanging(users, hang, seed, threads).verdict
    assert found.code == "stuck", found
    assert found.text.startswith(f"On average, {hang} of {users} users")


@SEEDS
def test_few_long_requests_are_not_stuck(seed: int) -> None:
    """Some of 4 s are under way at the window's end, and hold their slots."""
    routes = [Route("GET /any", [lambda chance: 4.0 if chance.random() < 0.01 else 0.1])]
    assert explained(App(routes, 2, 18), 36, seed=seed).verdict.code == "healthy"


@SEEDS
def test_cpu_after_the_headers_is_the_requests_own(seed: int) -> None:
    routes = [Route("GET /export", [("cpu", 0.001)], generates=[("cpu", 0.2)])]
    found = explained(App(routes, 1, 8, vcpu=2), 8, seed=seed).verdict
    assert found.code == "gil", found
    assert "Until its headers it needs 1.0 ms" in found.text
    assert "GUNICORN_WORKERS=2" in found.suggestion


@SEEDS
def test_threads_that_requests_start_may_be_relieved_by_a_worker(seed: int) -> None:
    routes = [Route("GET /thumbnail", [("cpu", 0.001), ("aside", 0.05)])]
    found = explained(App(routes, 1, 8, vcpu=2), 8, seed=seed).verdict
    assert found.code == "cpu", found
    assert "threads that requests start" in found.text
    assert "To try: GUNICORN_WORKERS=2 GUNICORN_THREADS=4" in found.suggestion
    full = explained(App(routes, 2, 4, vcpu=2), 8, seed=seed).verdict
    assert "To try" not in full.suggestion


HOT: dict[str, Any] = {
    "setting": Served(4, 6, "SlotWorker", 4),
    "rate": 60,
    "cpu_ms": 20,
    "app_ms": 60,
    "shares": (0.8, 0.1, 0.1),
}


def test_a_hot_worker_for_which_nobody_waits_is_no_imbalance() -> None:
    assert verdict(**HOT, queue_ms=0.2).code == "healthy"


def test_a_setting_that_could_not_be_better_is_kept() -> None:
    found = verdict(**HOT, wait_ms=30, queue_ms=29.0, users=24)
    assert found.code == "imbalance"
    assert found.suggestion.startswith("Keep GUNICORN_WORKERS=4 GUNICORN_THREADS=6")
    assert "Check" not in found.suggestion


@SEEDS
@pytest.mark.parametrize(("workers", "users"), [(1, 10), (2, 10), (1, 6)])
def test_who_waits_for_requests_that_compute_is_no_sooner_done_with_a_slot(workers: int, users: int, seed: int) -> None:
    found = explained(App([Route("GET /cpu", [("cpu", 0.04)])], workers, 1), users, think=between(0.4, 0.6), seed=seed)
    assert 0.35 < (found.cpu_utilization or 0.0) < 0.85
    assert found.verdict.code == "healthy", found.verdict
    assert "GUNICORN_THREADS=2" not in found.verdict.suggestion
    assert "docker compose" not in found.verdict.suggestion
    if workers == 1:
        assert "for others that compute" in found.verdict.text
        assert "share the CPU" in found.verdict.suggestion


@SEEDS
@pytest.mark.parametrize(
    ("steps", "workers", "users"),
    [([("cpu", 0.02), 0.02], 1, 12), ([("cpu", 0.008), 0.06], 1, 12), ([("cpu", 0.033), 0.047], 2, 4)],
)
def test_who_waits_for_requests_that_wait_themselves_is(steps: list[Any], workers: int, users: int, seed: int) -> None:
    found = explained(App([Route("GET /mixed", steps)], workers, 1), users, seed=seed)
    assert found.verdict.code == "slots", found.verdict


def test_a_second_core_is_of_use_to_requests_that_compute() -> None:
    found = explained(App([Route("GET /cpu", [("cpu", 0.04)])], 1, 1, vcpu=2), 10, think=between(0.4, 0.6))
    assert found.verdict.code == "slots", found.verdict


def test_an_idle_event_loop_in_which_requests_wait_is_blocked() -> None:
    loop = Served(1, 1, "gevent", 1)
    found = verdict(setting=loop, rate=17, app_ms=56, wait_ms=905, queue_ms=903.0, users=18)
    assert found.code == "inside"
    assert "something holds it up" in found.text
    assert "To try: GUNICORN_WORKERS=2." in found.suggestion
    busy = verdict(
        setting=Served(1, 1, "gevent", 1), rate=17, app_ms=56, wait_ms=90, queue_ms=88.0, cpu_ms=40, users=18
    )
    assert busy.code == "healthy"


BURST = [Route("GET /page", [0.02], weight=9), Route("GET /report", [1.0])]


@SEEDS
def test_a_queue_that_comes_back_now_and_then_is_one(seed: int) -> None:
    """In fewer than a third of the seconds."""
    found = explained(App(BURST, 1, 2), 12, seconds=90.0, think=between(2, 5), seed=seed)
    assert found.slot_utilization is not None
    assert found.slot_utilization < 0.35
    assert found.verdict.code == "slots", found.verdict
    alone = explained(App(BURST, 2, 3), 12, seconds=90.0, think=between(2, 5), seed=seed)
    assert alone.verdict.code == "healthy", alone.verdict


@pytest.mark.parametrize(("worker_class", "code"), [("SlotWorker", "slots"), ("gthread", "imbalance")])
def test_a_short_queue_after_the_burst_of_the_start_is_no_reason_for_more_slots(worker_class: str, code: str) -> None:
    """60 users log in at once, and then requests wait for less than a twentieth of their time."""
    known: dict[str, Any] = {"rate": 40.0, "app_ms": 107.0, "seconds": 20.0, "setting": Served(2, 5, worker_class, 1)}

    def found(queue_ms: float) -> Verdict:
        started = run(wait_ms=142.0, queue_ms=140.0, **known)
        later = run(wait_ms=queue_ms + 2, queue_ms=queue_ms, **known)
        records = [first if first.at < 4 else then for first, then in zip(started, later, strict=True)]
        wanted = [FINE[0]._replace(wanted_ms=55 * FINE[0].seconds * 1e3)]
        return analyse(tally_of(records), 60, 20.0, wanted).verdict

    calm = found(4.0)
    assert calm.code == "healthy", calm
    assert "mostly as all users came at once" in calm.text
    assert found(25.0).code == code


def test_workers_that_start_anew_leave_the_others_with_all() -> None:
    """Each second another one answers, of two that there should be."""
    setting = Served(2, 4, "SlotWorker", 1)
    records = [
        record._replace(timing=record.timing._replace(pid=int(record.at), served=number))
        for number, record in enumerate(run(rate=50, app_ms=50, wait_ms=65, queue_ms=63.0, setting=setting))
        if record.timing
    ]
    found = analyse(tally_of(records), 6, 10.0, FINE).verdict
    assert found.code == "imbalance", found
    assert "8 workers were started anew" in found.text
    assert "GUNICORN_PRELOAD_APP=true" in found.suggestion


@pytest.mark.parametrize(("queue_ms", "says"), [(70.0, "wait 70 ms of 144 ms though"), (3.0, "yet 76 ms of 144 ms")])
def test_the_larger_part_of_the_wait_is_named(queue_ms: float, says: str) -> None:
    """As of a worker that stops for its garbage now and then: its requests wait, and have some wire, too."""
    setting = Served(1, 12, "SlotWorker", 1)
    found = verdict(setting=setting, rate=40, app_ms=65, wait_ms=79, queue_ms=queue_ms, cpu_ms=5, users=12)
    assert found.code == "healthy"
    assert says in found.text
