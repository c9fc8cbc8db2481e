"""Runs in which no request has ended: what kept the users from one is said, and nobody is advised to run longer."""

from __future__ import annotations

import pytest

from explain_analysis import analyse
from explain_generator import Load
from explain_tally import Tally, tally_of
from explain_turnout import Turnout
from explain_types import Analysis, Verdict
from tests.locustfiles.samples import FINE, run, verdict
from tests.locustfiles.simulated import App, Route, Run, none, tally_from

WHERE = "ValueError: no password, at locustfile.py:12 (in on_start)"
THERE = Turnout(36, 36)
NOT_ALL = "No request counts, as not all users were there."


def raising(raised: dict[str, int], turnout: Turnout = THERE, seconds: float = 30.0, users: int = 36) -> Verdict:
    tally = Tally()
    tally.raised = raised
    return analyse(tally, users, seconds, FINE, turnout=turnout).verdict


# --- exceptions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.0, 3.0, 30.0])
@pytest.mark.parametrize("left", [0, 36, None])
def test_what_the_locustfile_raised_is_why(seconds: float, left: int | None) -> None:
    found = raising({WHERE: 36}, Turnout(36, left), seconds)
    assert found.code == "no-data"
    first = "No request has ended since all users were there." if seconds else NOT_ALL
    assert found.text.startswith(f"{first} The locustfile raised 36 exceptions, all of them {WHERE}.")
    assert ("36 of 36 users have ended" in found.text) is (left == 0 and seconds > 0)
    assert "onger" not in found.suggestion
    assert "traceback" in found.suggestion


def test_of_several_the_most_frequent_is_named() -> None:
    found = raising({"KeyError: 'id'": 3, WHERE: 40})
    assert f"The locustfile raised 43 exceptions, 40 of them {WHERE}." in found.text
    assert f"The locustfile raised {WHERE}." in raising({WHERE: 1}, users=1, turnout=Turnout(1, 0)).text


def test_one_user_who_raised_does_not_hide_that_the_others_hang() -> None:
    found = raising({WHERE: 1}, Turnout(36, 35))
    assert found.code == "stuck"
    assert (
        found.text
        == f"No request of 35 users has ended in 30 s. The locustfile raised {WHERE}. 1 of 36 users has ended."
    )


def test_what_was_raised_beside_requests_is_said_after_the_verdict() -> None:
    tally = tally_of(run(rate=50))
    tally.raised = {WHERE: 2}
    found = analyse(tally, 6, 10.0, FINE, turnout=Turnout(6, 6))
    assert found.verdict.code == verdict(rate=50).code == "healthy"
    assert found.verdict.text.endswith(f" The locustfile raised 2 exceptions, all of them {WHERE}.")
    assert found.load.exceptions == 2


def half_gone(turnout: Turnout) -> Analysis:
    """18 of 36 users have ended early in the run."""
    run = Run(App([Route("GET /io", [0.1])], 3, 12), 18, none, 7)
    run.run(20.0)
    tally = tally_from(run)
    tally.raised = {WHERE: 18}
    return analyse(tally, 36, 20.0, [Load(seconds=20, cpu_seconds=2)], turnout=turnout)


def test_users_who_have_ended_wait_for_nothing() -> None:
    assert "not accounted for" in half_gone(Turnout(36)).verdict.text
    found = half_gone(Turnout(36, 18))
    assert found.verdict.code == "healthy"
    assert "not accounted for" not in found.verdict.text
    assert found.verdict.text.endswith("18 of 36 users have ended.")


def test_when_all_have_ended_what_they_did_before_is_no_load() -> None:
    """As after a login whose answer is not what on_start expects: its requests may look healthy."""
    for number in (6, 36):
        tally = tally_of(list(run(rate=50))[:number])
        tally.raised = {WHERE: 36}
        found = analyse(tally, 36, 20.0, FINE, turnout=Turnout(36, 0)).verdict
        assert found.code == "no-data"
        assert found.text.startswith(f"After {number} requests no user was left. The locustfile raised 36 exceptions")
        assert "onger" not in found.suggestion
        assert analyse(tally, 36, 20.0, FINE, turnout=THERE).verdict.text.count("no user was left") == 0


# --- nobody -------------------------------------------------------------------------------------------------


def test_no_user_was_asked_for() -> None:
    found = analyse(Tally(), 0, 3.0, FINE, turnout=Turnout(0, 0)).verdict
    assert (found.code, found.text) == ("no-data", "There were no users: --users (LOCUST_USERS) asked for none.")
    assert "--users 36" in found.suggestion
    shaped = analyse(Tally(), 0, 0.0, FINE, turnout=Turnout(0, 0, shape="Steps")).verdict
    assert shaped.text == "There were no users: Steps, the LoadTestShape, asked for none."
    assert "None ends" in shaped.suggestion


def test_a_shape_that_ends_with_no_users() -> None:
    found = analyse(Tally(), 0, 3.0, FINE, turnout=Turnout(0, 0, before=4000, shape="Steps")).verdict
    assert "4000 requests ended before that" in found.text
    assert "figures start anew" in found.text
    failed = raising({WHERE: 1}, Turnout(0, 0, before=4000, shape="Steps"), 3.0, 0)
    assert failed.text.startswith(found.text)


def test_users_who_stop_by_themselves() -> None:
    found = analyse(Tally(), 36, 30.0, FINE, turnout=Turnout(36, 0)).verdict
    assert found.code == "no-data"
    assert "none of 36 users is left" in found.text
    assert "StopUser" in found.suggestion


def test_tasks_that_send_nothing() -> None:
    """Each has ended, as a pause was asked for after it."""
    pausing = [FINE[0]._replace(seconds=30, waits=400)]
    found = analyse(Tally(), 36, 30.0, pausing, turnout=THERE).verdict
    assert found.code == "no-data"
    assert "went through 400 tasks" in found.text
    assert "self.client" in found.suggestion


# --- what was so before -------------------------------------------------------------------------------------


def test_a_ramp_that_was_not_over() -> None:
    found = analyse(Tally(), 0, 0.0, FINE, turnout=Turnout(30, 2)).verdict
    assert found.code == "no-data"
    assert found.text == NOT_ALL
    assert "ramp" in found.suggestion


def test_a_short_run_or_a_long_pause() -> None:
    found = analyse(Tally(), 36, 5.0, FINE, turnout=THERE).verdict
    assert (found.code, found.suggestion) == (
        "no-data",
        "Run longer than a request and a user's pause take: more --run-time.",
    )


def test_nobody_knows_of_the_users_of_a_log() -> None:
    assert analyse(Tally(), 36, 30.0, FINE).verdict.code == "stuck"
    assert analyse(Tally(), 0, 0.0).verdict.text == NOT_ALL


def test_who_hangs_may_do_so_before_a_request() -> None:
    found = analyse(Tally(), 36, 30.0, FINE, turnout=THERE).verdict
    assert found.code == "stuck"
    assert "locustfile" in found.suggestion


# --- nobody answers -----------------------------------------------------------------------------------------


def test_an_address_at_which_nobody_answers_needs_no_header() -> None:
    records = [record._replace(timing=None, error="ConnectionRefusedError") for record in run()]
    found = analyse(tally_of(records), 36, 10.0, FINE).verdict
    assert found.code == "no-data"
    assert found.text.startswith(
        "None of 1700 requests was answered: 1700 of 1700 requests failed (100 %, all with Conn"
    )
    assert "--host" in found.suggestion
    assert found.variables == {}


def test_one_that_answers_with_an_error_does() -> None:
    records = [record._replace(timing=None, error="HTTP 502") for record in run()]
    found = analyse(tally_of(records), 36, 10.0, FINE).verdict
    assert found.variables == {"SERVER_TIMING": "true"}
