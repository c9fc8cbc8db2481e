"""CPU that no request used is no reason for more workers."""

from __future__ import annotations

from collections.abc import Iterator

from explain_analysis import analyse
from explain_record import Record
from explain_server_timing import Served, Timing
from explain_tally import tally_of
from tests.locustfiles import arriving
from tests.locustfiles.samples import FINE
from tests.locustfiles.simulated import App, Route, between, explained, none

ONE = Served(1, 6, "SlotWorker", 4)


def burning(cores: float, cpu_ms: float, setting: Served = ONE) -> Iterator[Record]:
    """20 requests/s for 10 s on one worker that uses so many cores, and its requests' threads so much of it."""
    for number in range(200):
        at = (number + 0.5) / 20
        timing = Timing(cpu_ms + 5, cpu_ms, 7, setting, at * cores, 50.0, 0.0, at, at * 0.2, number)
        yield Record(at, cpu_ms + 6, timing, None, 20.0)


def test_a_background_thread_is_no_gil() -> None:
    verdict = analyse(tally_of(burning(0.98, 1.0)), 6, 10.0, FINE).verdict
    assert verdict.code == "cpu"
    assert "% of that is something else than the requests' own threads" in verdict.text
    assert verdict.suggestion.startswith("Keep GUNICORN_WORKERS=1 ")


def test_a_single_slot_is_nothing_to_keep() -> None:
    verdict = analyse(tally_of(burning(0.98, 1.0, ONE._replace(threads=1))), 6, 10.0, FINE).verdict
    assert verdict.code == "cpu"
    assert "GUNICORN_THREADS" not in verdict.suggestion.split("To try")[0]


def test_requests_that_compute_are() -> None:
    verdict = analyse(tally_of(burning(0.98, 48.0)), 6, 10.0, FINE).verdict
    assert verdict.code == "gil"
    assert "GUNICORN_WORKERS=4" in verdict.suggestion


def restarting(import_s: float) -> Iterator[Record]:
    """The same requests, and a new worker each two seconds, which computes for so long before its first one."""
    for number in range(200):
        at = (number + 0.5) / 20
        age = at % 2
        timing = Timing(
            6.0, 1.0, 7 + int(at / 2), ONE._replace(vcpu=1), import_s + age / 50, 50.0, 0.0, age, 0.0, number
        )
        yield Record(at, 7.0, timing, None, 20.0)


def test_an_app_that_is_imported_again_and_again_uses_the_cpu() -> None:
    verdict = analyse(tally_of(restarting(2.3)), 6, 10.0, FINE).verdict
    assert verdict.code == "cpu"
    assert "4 workers were started anew" in verdict.text
    assert "GUNICORN_MAX_REQUESTS" in verdict.suggestion
    assert analyse(tally_of(restarting(0.1)), 6, 10.0, FINE).verdict.code == "healthy"


# --- users who never pause ----------------------------------------------------------------------------

COMPUTES = App([Route("GET /cpu", [("cpu", 0.02)])], 3, 4)


def test_who_never_pauses_is_told_that_a_full_cpu_is_the_expected_end() -> None:
    found = explained(COMPUTES, 12, think=none).verdict
    assert found.code == "cpu"
    assert "12 users without a pause will ask for as much as they can get" in found.suggestion
    assert found.suggestion.count("LOCUST_PAUSE=1-3") == found.suggestion.count("--rps") == 1


def test_who_pauses_is_told_nothing_of_the_kind() -> None:
    found = explained(COMPUTES, 60, think=between(0.1, 0.3)).verdict
    assert found.code == "cpu"
    assert "pause" not in found.suggestion.lower()


def test_arrivals_do_not_pause_and_are_no_such_users() -> None:
    found = arriving.explained(COMPUTES, 60).verdict
    assert found.code == "cpu"
    assert "pause" not in found.suggestion.lower()


def test_nobody_says_so_who_has_not_seen_a_pause_or_its_lack() -> None:
    """One request of each user."""
    records = [record._replace(think_ms=None) for record in burning(0.98, 48.0, ONE._replace(vcpu=1))]
    found = analyse(tally_of(records), 200, 10.0, FINE).verdict
    assert found.code == "cpu", found
    assert "without a pause" not in found.suggestion
