"""The verdicts, on synthetic runs."""

from __future__ import annotations

from typing import Any

import pytest

from explain_analysis import analyse
from explain_generator import Load
from explain_record import Record
from explain_server_timing import Served
from explain_tally import tally_of
from tests.locustfiles.samples import FINE, run, uniform, verdict


def test_one_slot_for_36_users_is_told_in_one_sentence() -> None:
    found = verdict(rate=17.8 * 10, app_ms=101, wait_ms=104, cpu_ms=0.28)
    assert found.code == "slots"
    assert found.text == (
        "All 18 slots are busy while the CPU idles at 5 %: a request waits 104 ms for a slot, then takes 101 ms. "
        "Set 36 slots (3 × 12) for 36 users."
    )
    assert "GUNICORN_WORKERS=3 GUNICORN_THREADS=12 (36 slots)" in found.suggestion
    assert "356 requests/s" in found.suggestion


def test_sync_with_threads_would_be_gthread() -> None:
    found = verdict(setting=Served(3, 1, "sync", 1), rate=29, wait_ms=1100)
    assert "GUNICORN_WORKER_CLASS, GUNICORN_WORKER_CONNECTIONS and GUNICORN_KEEPALIVE unset" in found.suggestion


def test_no_bound_is_named_that_was_exceeded() -> None:
    found = verdict(setting=Served(2, 2, "SlotWorker", 1), rate=60, app_ms=70, wait_ms=250, users=20, think_ms=600)
    assert found.code == "slots"
    assert "at most" not in found.suggestion


CASES: list[tuple[str, dict[str, Any], str]] = [
    ("enough slots", {"setting": Served(3, 12, "gthread", 1), "rate": 350}, "healthy"),
    (
        "this project's worker, too few slots",
        {"setting": Served(3, 6, "SlotWorker", 1), "rate": 175, "wait_ms": 104},
        "slots",
    ),
    ("as many users as slots, all busy", {"users": 18, "rate": 175}, "healthy"),
    ("long wire, free slots", {"wait_ms": 80, "rate": 50, "queue_ms": 0.0}, "healthy"),
    ("a wait of which nobody knows where it is", {"wait_ms": 80, "rate": 50}, "unknown"),
    ("one sync worker", {"setting": Served(1, 1, "sync", 1), "rate": 9.8, "wait_ms": 3000}, "slots"),
    ("three sync workers", {"setting": Served(3, 1, "sync", 1), "rate": 29, "wait_ms": 1100}, "slots"),
    ("plan's CPU", {"rate": 47, "cpu_ms": 21, "app_ms": 370, "wait_ms": 300}, "cpu"),
    ("plan's CPU, one worker", {"setting": Served(1, 6, "gthread", 1), "rate": 46, "cpu_ms": 21}, "cpu"),
    ("two CPUs, one worker", {"setting": Served(1, 6, "gthread", 2), "rate": 46, "cpu_ms": 21}, "gil"),
    ("four CPUs, two workers", {"setting": Served(2, 6, "gthread", 4), "rate": 92, "cpu_ms": 21}, "gil"),
    (
        "gevent, no slots",
        {"setting": Served(3, 1, "gevent", 1), "rate": 170, "wait_ms": 30, "queue_ms": 0.0},
        "healthy",
    ),
    (
        "uneven, and requests wait",
        {"users": 18, "rate": 150, "wait_ms": 20, "spread": 0.4, "shares": (0.4, 0.4, 0.2)},
        "imbalance",
    ),
    (
        "a worker that gets nothing",
        {"users": 18, "rate": 120, "wait_ms": 50, "spread": 0.9, "shares": (0.5, 0.5)},
        "imbalance",
    ),
    (
        "one worker of three gets everything",
        {"users": 18, "rate": 59, "wait_ms": 199, "shares": (1.0,)},
        "imbalance",
    ),
    ("uneven, but nobody waits", {"users": 9, "rate": 88, "shares": (0.65, 0.3, 0.05)}, "healthy"),
    (
        "one hot worker",
        {
            "setting": Served(4, 6, "gthread", 4),
            "rate": 60,
            "cpu_ms": 20,
            "app_ms": 60,
            "wait_ms": 20,
            "shares": (0.8, 0.1, 0.1),
        },
        "imbalance",
    ),
]


@pytest.mark.parametrize(("figures", "code"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_verdicts(figures: dict[str, Any], code: str) -> None:
    found = verdict(**figures)
    assert found.code == code, found
    assert found.text
    assert found.suggestion


@pytest.mark.parametrize("noise", [0.97, 1.03])
@pytest.mark.parametrize(("figures", "code"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_noise_does_not_change_a_verdict(figures: dict[str, Any], code: str, noise: float) -> None:
    assert verdict(**{**figures, "rate": figures["rate"] * noise}).code == code


def test_failures_and_the_generator_come_first() -> None:
    tally = tally_of(record._replace(error="HTTP 500") for record in run(rate=50, cpu_ms=21))
    failed = analyse(tally, 36, 10.0, FINE).verdict
    assert failed.code == "errors"
    assert "HTTP 500" in failed.text
    starved = [Load(seconds=10, cpu_seconds=1, periods=100, throttled=60, quota=0.1)]
    found = analyse(tally, 36, 10.0, starved)
    assert found.verdict.code == "generator"
    assert found.generator.saturated is True
    assert "0.1 CPU" in found.verdict.text


def test_few_failures_are_no_errors() -> None:
    records = (r._replace(error="HTTP 500" if n % 200 == 0 else None) for n, r in enumerate(run(rate=50)))
    assert analyse(tally_of(records), 6, 10.0, FINE).verdict.code == "healthy"


def test_a_slow_network_is_no_lack_of_slots() -> None:
    tally = uniform(Served(3, 6, "gthread", 1), 1510, 100, 102, 0.0005)
    found = analyse(tally, 31, 10.0, [Load(10.0, 1.0)], None, None).verdict
    assert found.code == "unknown"
    assert "nobody can know where" in found.text
    tally.first_wait_ms = 102.0  # as the test's first requests
    found = analyse(tally, 31, 10.0, [Load(10.0, 1.0)], None, None).verdict
    assert found.code == "healthy"
    assert "no queue" in found.text


def test_a_queue_that_all_requests_share_is_told_from_a_network_by_the_first_requests() -> None:
    """With gunicorn's own part of a request the slots are full, but the laws see 86 % of them."""
    tally = uniform(Served(1, 6, "gthread", 1), 525, 99, 128, 0.006)
    seen = {}
    for first_ms in (None, 127.0, 4.0):
        tally.first_wait_ms = first_ms
        seen[first_ms] = analyse(tally, 12, 10.0, [Load(10.0, 1.0)], None, None).verdict.code
    assert seen == {None: "unknown", 127.0: "healthy", 4.0: "slots"}


def test_a_few_headers_are_no_data() -> None:
    tally = uniform(Served(3, 6, "gthread", 1), 100, 100, 2, 0.0005)
    for index in range(900):
        tally.add(Record(index / 90, 5.0, None, None, 0.0))
    verdict = analyse(tally, 18, 10.0, [Load(10.0, 1.0)], None, None).verdict
    assert verdict.code == "no-data"
    assert verdict.text.startswith("Only 100 of 1000 responses")


@pytest.mark.parametrize(
    ("worker_class", "bare"), [("gthread", True), ("SlotWorker", False), ("gunicorn_slots.SlotWorker", False)]
)
def test_imbalance_advises_exact_slots_where_they_are_not(worker_class: str, bare: bool) -> None:
    found = verdict(users=18, rate=59, wait_ms=199, shares=(1.0,), setting=Served(3, 6, worker_class, 1))
    assert found.code == "imbalance"
    assert "GUNICORN_WORKERS=3 GUNICORN_THREADS=6" in found.suggestion
    # gunicorn's own takes connections for which it has no thread, whatever else is set.
    assert ("gunicorn_slots.SlotWorker" in found.suggestion) is bare
    unset = "GUNICORN_WORKER_CLASS, GUNICORN_WORKER_CONNECTIONS and GUNICORN_KEEPALIVE unset"
    assert (unset in found.suggestion) is bare


def test_an_event_loop_with_a_hot_worker_is_advised_the_slots() -> None:
    setting = Served(4, 1, "gevent", 4)
    found = verdict(setting=setting, rate=60, cpu_ms=20, app_ms=60, wait_ms=20, shares=(0.8, 0.1, 0.1))
    assert found.code == "imbalance"
    assert "GUNICORN_WORKER_CLASS unset" in found.suggestion
    assert "gthread" not in found.suggestion
