"""Runs without an HTTP request, and events that come late: neither is called stuck, nor of several gunicorns."""

from __future__ import annotations

from explain_analysis import analyse
from explain_record import Record
from explain_server_timing import Served, Timing
from explain_tally import Tally, tally_of
from tests.locustfiles.samples import FINE
from tests.locustfiles.simulated import App, Route, Run, explained, none

SETTING = Served(1, 6, "SlotWorker", 1)


def test_users_who_wait_for_ever_are_stuck() -> None:
    verdict = analyse(Tally(), 36, 30.0, FINE).verdict
    assert (verdict.code, "36 users" in verdict.text) == ("stuck", True)


def test_users_of_another_protocol_are_not_stuck() -> None:
    tally, more = Tally(), Tally()
    tally.events, more.events = 400, 17
    tally.merge(Tally.from_dict(more.to_dict()))
    verdict = analyse(tally, 36, 30.0, FINE).verdict
    assert (verdict.code, "None of 417 events was an HTTP request" in verdict.text) == ("no-data", True)


def test_users_who_pause_for_longer_than_the_window_are_not_stuck() -> None:
    pausing = [FINE[0]._replace(seconds=30, wanted_ms=36 * 30 * 1e3)]
    assert analyse(Tally(), 36, 30.0, pausing).verdict.code == "no-data"


def test_an_event_that_comes_late_is_of_the_same_gunicorn() -> None:
    """As of `with self.client.get(…, catch_response=True)` around something that takes long."""

    def records(late_ms: float) -> Tally:
        return tally_of(
            Record(
                (number + 0.5) / 20 + (late_ms / 1e3 if number % 10 == 0 else 0),
                21,
                Timing(20, 1, 7, SETTING, number * 1e-3, 50.0, 0.0, (number + 0.5) / 20, number * 0.02, number),
                None,
                20.0,
                "GET /",
                late_ms if number % 10 == 0 else 0.0,
            )
            for number in range(200)
        )

    assert analyse(records(0), 2, 12.0, FINE).verdict.code != "mixed-up"
    assert analyse(records(1500), 2, 12.0, FINE).verdict.code != "mixed-up"


def test_workers_that_only_drain_are_none_of_them() -> None:
    """As after a reload beside long requests."""
    app = App([Route("GET /io", [0.1])], 3, 3)
    run, other = Run(app, 9, none, 1), Run(app, 9, none, 2)
    run.run(20.0)
    other.run(20.0)
    draining = [
        record._replace(timing=record.timing._replace(pid=record.timing.pid + 50, served=1000))
        for record in other.records[::5]
        if record.timing
    ]
    records = sorted([*run.records, *draining], key=lambda record: record.at)
    found = analyse(tally_of(records), 18, 20.0, FINE).verdict
    assert found.code != "mixed-up"


def test_failures_do_not_hide_what_the_times_say() -> None:
    found = explained(App([Route("GET /io", [0.05], fails=0.05)], 1, 1), 12).verdict
    assert found.code == "errors"
    assert "By the times alone this is `slots`: The only slot is busy" in found.text
    assert found.suggestion.startswith("Look at the list of failures")
    assert found.suggestion.index("go back to these") < found.suggestion.index("GUNICORN_WORKERS=2 GUNICORN_THREADS=6")
    alone = explained(App([Route("GET /io", [0.05], fails=0.05)], 2, 6), 12).verdict
    assert "By the times alone" not in alone.text


def test_answers_that_nobody_waited_for_are_failures_though_few_have_a_header() -> None:
    """18 clients of two slots give up after a second."""
    records = [
        Record(number / 16, 600 if number < 6 else 1000, timing(number) if number < 6 else None, error(number), 0.0)
        for number in range(132)
    ]
    found = analyse(tally_of(records), 18, 8.25, FINE).verdict
    assert found.code == "errors"
    assert found.text.startswith("126 of 132 requests failed (95 %, all with TimeoutError)")
    assert "126 of them have no header, so the app did not answer them" in found.text


def timing(number: int) -> Timing:
    return Timing(300, 1, 7, SETTING, number * 1e-3, 50.0, 300.0, number / 16, number * 0.3, number)


def error(number: int) -> str | None:
    return None if number < 6 else "TimeoutError"


def test_who_waits_may_do_so_on_purpose() -> None:
    found = explained(App([Route("GET /io", [0.1, ("hang", 0.02)])], 2, 18), 18, seconds=30.0)
    assert found.verdict.code == "stuck"
    assert "streams and long polls" in found.verdict.suggestion


def test_slots_are_not_called_free_that_nobody_has_told_of() -> None:
    """All are held by requests that do not end, and only the first responses came."""
    quick = timing(0)._replace(app_ms=50)
    records = [Record(number / 30, 53, quick._replace(at=number / 30), None, 0.0) for number in range(12)]
    found = analyse(tally_of(records), 18, 14.0, FINE)
    assert found.verdict.code == "stuck"
    assert found.slots_busy is None
    assert found.slot_utilization is None


def test_pages_that_are_not_there_are_no_matter_of_slots() -> None:
    """An app whose API has no first page, which is what is asked for by default."""
    records = [
        Record(number / 16, 400, timing(number) if number < 6 else None, "HTTP 404", 0.0) for number in range(132)
    ]
    found = analyse(tally_of(records), 18, 8.25, FINE).verdict
    assert found.code == "errors"
    assert "all with HTTP 404" in found.text
    assert "LOCUST_PATHS=/,/products" in found.suggestion
    assert "slots" not in found.suggestion
