"""Which of several instances has too much to do, and what is named as the cause."""

from __future__ import annotations

from typing import Any

import pytest

from explain_paste import Started, pastes
from explain_text import text
from explain_types import Analysis
from tests.locustfiles.instances import CPU, IO, analysed, own, records_of
from tests.locustfiles.simulated import App, Route, around, explained


def uneven(stay: bool, bound: bool = True, known: bool = True, **further: Any) -> Analysis:
    """Three quarters of 36 users on one of two instances of 18 slots."""
    app = App(IO, 3, 6, origins=own(2), gets=[0.75, 0.25], stay=stay, **further)
    records = [
        record._replace(bound=bound and record.bound, before=record.before if known else "")
        for record in records_of(app, 36)
    ]
    return analysed(records, 36)


def test_cookies_are_named_where_they_are_seen_to_stick() -> None:
    found = uneven(stay=True)
    assert found.verdict.code == "imbalance"
    assert (found.users_stay, found.users_bound) == (1.0, 1.0)
    assert "The cookies are the cause" in found.verdict.text
    assert "00000001 has 18.0 of its 18 slots busy" in found.verdict.text
    assert "client-affinity-enabled false" in found.verdict.suggestion
    assert "on each of 2 instances" in found.verdict.suggestion  # and slots enough for the fuller one
    assert found.instances[0].queue_ms
    assert found.instances[0].queue_ms > 10 * (found.instances[1].queue_ms or 0.1)


def test_the_console_has_a_row_for_each_instance_and_for_the_users() -> None:
    lines = text(uneven(stay=True)).splitlines()
    assert [line.split()[:2] for line in lines if line.startswith(" Instance ")] == [
        ["Instance", "00000001"],
        ["Instance", "00000002"],
    ]
    assert any("100 % of the requests went to the instance of their user's one before" in line for line in lines)
    assert any(line.startswith(" Worker 101 of 00000001 ") for line in lines)


def test_no_line_to_paste_that_would_end_the_other_instances() -> None:
    found = explained(App(IO, 1, 2, origins=own(3)), 36)
    told = pastes(found.verdict.variables, found.setting, Started(compose=True))
    assert [paste.where for paste in told] == ["startup", "settings", "env"]
    assert "--workers 2 --threads 6" in told[0].line


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"stay": True, "bound": False}, "they send no ARRAffinity cookie"),
        ({"stay": False}, "No cookie is the cause"),
        ({"stay": True, "known": False}, "nobody can know why"),
    ],
    ids=["another rule", "they move", "not seen"],
)
def test_cookies_are_not_named_otherwise(how: dict[str, bool], words: str) -> None:
    verdict = uneven(**how).verdict
    assert verdict.code == "imbalance"
    assert words in verdict.text
    assert "client-affinity" not in verdict.suggestion


@pytest.mark.parametrize(
    ("users", "words"),
    [((8, 4), "The cookies are the cause"), ((8, 5, 5), "users stay with theirs by ARRAffinity cookies")],
    ids=["a third idle", "hardly idle"],
)
def test_a_few_users_more_by_cookies(users: tuple[int, ...], words: str) -> None:
    """On instances of six slots."""
    total = sum(users)
    app = App(IO, 2, 3, origins=own(len(users)), gets=[one / total for one in users], stay=True)
    found = explained(app, total)
    assert found.verdict.code == "imbalance"
    assert words in found.verdict.text


def test_users_who_stay_on_equal_instances_are_no_imbalance() -> None:
    found = explained(App(IO, 3, 6, origins=own(2), stay=True), 36)
    assert found.verdict.code == "healthy"
    assert found.users_stay == 1.0


def test_an_instance_that_is_slower_is_no_cookie_s_fault() -> None:
    """It has as many users as the other one, and serves fewer of their requests."""
    slow = records_of(App([Route("GET /", [0.4])], 3, 3, origins=own(1), stay=True), 14, think=around(0.3))
    quick = records_of(App(IO, 3, 3, origins=own(2)[1:], stay=True), 14, think=around(0.3))
    verdict = analysed([*slow, *quick], 28).verdict
    assert verdict.code == "imbalance"
    assert "a request takes longer there" in verdict.text
    assert "cookie" not in verdict.text


def test_an_instance_whose_cpu_is_used_up() -> None:
    app = App(CPU, 2, 9, origins=own(2), gets=[0.9, 0.1], stay=True)
    found = explained(app, 10, think=around(0.12))
    assert found.verdict.code == "imbalance"
    assert "of its CPU in use" in found.verdict.text
    assert "GUNICORN_" not in found.verdict.suggestion  # more slots are no more CPU


def test_a_worker_that_has_too_much_is_another_imbalance() -> None:
    """Bare gthread on each of two instances that get as much as each other."""
    found = explained(App(IO, 3, 6, kind="gthread", origins=own(2)), 36)
    if found.verdict.code == "imbalance":
        assert "The workers get" in found.verdict.text
        assert "gunicorn_slots.SlotWorker" in found.verdict.suggestion
    else:
        assert found.verdict.code in ("healthy", "slots")


def test_what_is_before_them_does_not_see_who_is_free() -> None:
    """Six users and six slots, but one on each instance: some wait while others are free."""
    found = explained(App(IO, 1, 1, origins=own(6)), 6)
    assert found.verdict.code == "imbalance"
    assert "each has a queue of its own" in found.verdict.text
    assert "on each of 6 instances" in found.verdict.suggestion
