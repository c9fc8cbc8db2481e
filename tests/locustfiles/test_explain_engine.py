"""The line that an engine prints: found in any log, whole or not at all."""

from __future__ import annotations

import json

import pytest

from explain_engine import engine_in
from tests.locustfiles.engines import engine
from tests.locustfiles.samples import run

LINE = engine(run(seconds=2)).line()


@pytest.mark.parametrize("log", ["{}", "{}\n", "2026-05-04T10:00:00Z [engine-1] {}", "{} (end)", '{{"a": 1}} {}'])
def test_it_is_found_whatever_stands_around_it(log: str) -> None:
    found = engine_in(log.format(LINE))
    assert found is not None
    assert found.line() == LINE


def test_it_is_one_line() -> None:
    named = engine(run(seconds=1), host="https://häuser.example\n\u2028")
    assert named.line().isascii()
    assert named.line().splitlines() == [named.line()]
    found = engine_in(named.line())
    assert found is not None
    assert found.host == named.host


@pytest.mark.parametrize("log", ["", "\n", "GET /io 10 0(0.00%)", '{"explain": 1}', "explain_tally"])
def test_other_lines_are_none(log: str) -> None:
    assert engine_in(log) is None


@pytest.mark.parametrize(
    "text",
    [
        LINE[:-1],
        LINE[: len(LINE) // 2],
        LINE[:20],
        LINE[: len(LINE) // 2] + LINE[len(LINE) // 2 + 1 :],
        LINE.replace('"users":12', '"users":13'),
        LINE.replace('"crc32": ', '"crc32": 1'),
        '{"explain_tally": 1}',
        '{"explain_tally": 2, "crc32": 1, "engine": []}',
        '{"explain_tally": ' + "[" * 10_000,
    ],
    ids=["end", "half", "head", "a character", "a figure", "sum", "empty", "a list", "deep"],
)
def test_one_that_is_not_whole_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"^cut off or changed: expected the whole line that --print-tally prints$"):
        engine_in(text)


def test_of_another_form_or_schema() -> None:
    form = LINE.replace('{"explain_tally": 2', '{"explain_tally": 1')
    with pytest.raises(ValueError, match=r"^explain_tally=1: expected 2, the form of the files beside this one$"):
        engine_in(form)
    with pytest.raises(ValueError, match=r"^schema=1: expected "):
        engine_in(engine(run(seconds=1), schema=1).line())


def test_it_is_json() -> None:
    assert json.loads(LINE)["engine"]["users"] == 12
