"""CPU that no request used is no reason for more workers."""

from __future__ import annotations

from collections.abc import Iterator

from explain_analysis import analyse
from explain_record import Record
from explain_server_timing import Served, Timing
from explain_tally import tally_of
from tests.locustfiles.samples import FINE

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
