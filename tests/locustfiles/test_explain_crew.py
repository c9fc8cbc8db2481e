"""What users' own code raised, and how many of them are left."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from explain_crew import Crew, told
from explain_turnout import Turnout
from tests.bed.locust import explained
from tests.locustfiles.conftest import HERE

LINE = r"test_explain_crew\.py:\d+"


def fails() -> None:
    raise ValueError("no password\nfor anybody")


def parses() -> None:
    json.loads("<html>")


def says_nothing() -> None:
    raise KeyError


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise TypeError("not even this")


def unspeakable() -> None:
    raise UnspeakableError


def speaks_long() -> None:
    raise RuntimeError("x" * 10_000)


def caught(call: Callable[[], None]) -> str:
    try:
        call()
    except Exception as error:
        return told(error, error.__traceback__)
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (fails, rf"ValueError: no password, at {LINE} \(in fails\)"),
        (parses, rf"JSONDecodeError: Expecting value: line 1 column 1 \(char 0\), at {LINE} \(in parses\)"),
        (says_nothing, rf"KeyError, at {LINE} \(in says_nothing\)"),
        (unspeakable, rf"UnspeakableError, at {LINE} \(in unspeakable\)"),
        (speaks_long, rf"RuntimeError: x{{100,200}}…, at {LINE} \(in speaks_long\)"),
    ],
)
def test_what_was_raised_and_the_nearest_line_of_own_code(call: Callable[[], None], text: str) -> None:
    assert re.fullmatch(text, caught(call))


def test_a_line_of_nobodys_own_is_not_named() -> None:
    """As where Locust itself says that there are no tasks."""
    with pytest.raises(ValueError, match="Expecting value") as caught:
        parses()
    inner = caught.tb
    while inner.tb_next and Path(inner.tb_frame.f_code.co_filename) == Path(__file__):
        inner = inner.tb_next
    for tb in (inner, None):
        assert told(caught.value, tb) == "JSONDecodeError: Expecting value: line 1 column 1 (char 0)"


@pytest.mark.parametrize("name", ["src/gevent/greenlet.py", "<string>"])
def test_compiled_code_has_no_file_here(name: str) -> None:
    """As gevent's, below which Locust makes its users."""
    made: dict[str, Any] = {}
    exec(compile("def fail():\n    raise ValueError('No host. Name one.')", name, "exec"), made)
    with pytest.raises(ValueError, match="No host") as caught:
        made["fail"]()
    inner = caught.tb.tb_next
    assert inner
    assert told(caught.value, inner) == "ValueError: No host. Name one"


def test_the_analysis_itself_is_not_the_locustfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It wraps wait_time and on_start, so it is in their tracebacks."""
    (tmp_path / "explain_other.py").write_text("def wrap(call):\n    call()\n    raise ValueError\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("explain_crew.HERE", tmp_path)
    wrap = importlib.import_module("explain_other").wrap
    assert re.fullmatch(rf"ValueError, at {LINE} \(in <lambda>\)", caught(lambda: wrap(dict)))


# --- counting ---------------------------------------------------------------------------------------------


@pytest.fixture
def runner() -> SimpleNamespace:
    return SimpleNamespace(user_count=4, target_user_count=6, spawning_greenlet=None, shape_greenlet=None)


@pytest.fixture
def crew(runner: SimpleNamespace) -> Crew:
    return Crew(SimpleNamespace(runner=runner, shape_class=None))


def raised(crew: Crew, number: int, message: str = "x") -> None:
    for _ in range(number):
        crew.on_user_error(ValueError(message), None)


def test_what_is_raised_often_is_counted_and_what_differs_is_bounded(crew: Crew) -> None:
    raised(crew, 3)
    for number in range(100):
        raised(crew, 1, f"id {number}")
    found = crew.raised()
    assert found["ValueError: x"] == 3
    assert len(found) <= 21
    assert sum(found.values()) == 103


def test_a_worker_process_tells_its_master_what_is_new(crew: Crew, runner: SimpleNamespace) -> None:
    master = Crew(SimpleNamespace(runner=runner, shape_class=None))

    def report() -> None:
        data: dict[str, Any] = {}
        crew.on_report_to_master(data)
        master.on_worker_report(json.loads(json.dumps(data)))

    raised(crew, 3)
    report()
    raised(crew, 2)
    report()
    report()
    assert master.raised() == {"ValueError: x": 5}


def failing() -> Iterator[Any]:
    """A greenlet that has raised."""
    greenlet = gevent.spawn(fails)
    greenlet.join()
    yield greenlet


@pytest.mark.parametrize("which", ["spawning_greenlet", "shape_greenlet"])
def test_users_who_cannot_be_made_are_counted_once(crew: Crew, runner: SimpleNamespace, which: str) -> None:
    (greenlet,) = failing()
    setattr(runner, which, greenlet)
    for _ in range(3):
        (text,) = crew.raised()
        assert text.startswith("ValueError: no password, at test_explain_crew.py:")
    crew.end()
    assert list(crew.raised().values()) == [1]
    crew.forget()
    assert crew.raised() == {}


def test_how_many_are_left_is_what_there_was_when_the_test_ended(crew: Crew, runner: SimpleNamespace) -> None:
    assert crew.turnout(7) == Turnout(None, 4, 7)  # no test yet
    crew.forget()
    assert crew.turnout(7) == Turnout(6, 4, 7)
    crew.end()
    runner.user_count = 0
    assert crew.turnout(7).left == 4
    crew.forget()
    assert crew.turnout(7).left == 0


# --- Locust -------------------------------------------------------------------------------------------------

PASSWORD = r"ValueError: no password for user 1, at raising\.py:\d+ \(in password\)"
RAISED = r"No request has ended since all users were there\. The locustfile raised"
NOT_ALL = r"No request counts, as not all users were there\. The locustfile raised"
CASES = {
    "made": rf"{NOT_ALL} {PASSWORD}\.",
    "on_start": rf"{RAISED} 3 exceptions, all of them {PASSWORD}\. 3 of 3 users have ended\.",
    "task": rf"{RAISED} \d\d+ exceptions, all of them {PASSWORD}\.",
    "wait_time": (
        rf"{RAISED} 3 exceptions, all of them ValueError: could not convert string to float: 'a while', "
        r"at raising\.py:\d+ \(in wait_time\)\. 3 of 3 users have ended\."
    ),
    "stops": r"No request has ended since all users were there, and none of 3 users is left: .*",
    "nothing": r"No request has ended since all users were there, though they went through \d+ tasks\.",
    "shape ends": r"There were no users: Shape, the LoadTestShape, asked for none\.",
    "shape of none": r"There were no users: Shape, the LoadTestShape, asked for none\.",
    "shape raises": rf"{NOT_ALL} {PASSWORD}\.",
}


@pytest.mark.process
@pytest.mark.parametrize(("how", "text"), CASES.items(), ids=CASES.keys())
def test_a_locustfile_that_sends_nothing_is_told_why(how: str, text: str) -> None:
    run = explained(HERE / "raising.py", "http://127.0.0.1:9", users=3, seconds=2, environ={"RAISES": how})
    assert run.verdict == "no-data", run.output
    assert re.fullmatch(text, run.analysis["verdict"]["text"])
    assert "Verdict: no-data" in run.output


@pytest.mark.process
def test_worker_processes_tell_it_too() -> None:
    for how in ("on_start", "made"):
        run = explained(
            *(HERE / "raising.py", "http://127.0.0.1:9", "--processes", "2"),
            users=4,
            seconds=8,  # a busy machine's workers report late
            environ={"RAISES": how},
        )
        assert run.verdict == "no-data", run.output
        assert re.search(PASSWORD, run.analysis["verdict"]["text"])
        raised = run.analysis["load"]["exceptions"]
        assert raised == 4 if how == "on_start" else raised >= 2  # Locust tries again where a worker reports late


@pytest.mark.process
def test_no_users_at_all() -> None:
    run = explained(HERE / "raising.py", "http://127.0.0.1:9", users=0, seconds=1, environ={"RAISES": "nothing"})
    assert run.analysis["verdict"]["text"] == "There were no users: --users (LOCUST_USERS) asked for none."
