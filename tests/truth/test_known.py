"""That the cases are whole, that the page says what was measured, and how a verdict is followed."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bed import ROOT
from tests.truth import page
from tests.truth.campaign import Case, Measured, followed, harm, outcome, settled
from tests.truth.known import BARE, KNOWN, Known

HERE = Path(__file__).parent
CODES = {
    node.args[0].value
    for path in (ROOT / "locustfiles").glob("explain_verdict*.py")
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Verdict"
    if isinstance(node.args[0], ast.Constant)
}
WAITS = KNOWN["waits"]
RUN = Measured(3, 6, "slots", "", "", 1000, 0, 100.0, 400.0, 18.0, 0.1, "")


@pytest.mark.parametrize("name", KNOWN)
def test_a_case_is_whole(name: str) -> None:
    known = KNOWN[name]
    assert set(known.verdicts.split()) <= CODES
    assert (HERE / "apps" / f"{known.app}.py").exists()
    assert (HERE / "users" / f"{known.scenario}.py").exists()
    assert not known.front or (HERE / "fronts" / f"{known.front}.conf").exists()


def test_each_kind_of_answer_is_wanted_somewhere() -> None:
    wanted = {code for known in KNOWN.values() for code in known.verdicts.split()}
    assert CODES - wanted == {"unknown"}  # an old header, which this project's worker does not send
    assert len({known.app for known in KNOWN.values()}) >= 36


def test_the_page_says_what_was_measured() -> None:
    assert page.render(page.load()) == page.PAGE.read_text(encoding="utf-8")


def test_all_cases_were_measured_and_no_suggestion_did_harm() -> None:
    cases = page.load()["cases"]
    assert set(cases) == set(KNOWN)
    assert [name for name, row in cases.items() if row["outcome"] == "worse"] == []


@pytest.mark.parametrize(
    ("suggestion", "new"),
    [
        ("GUNICORN_WORKERS=3 GUNICORN_THREADS=12 (36 slots): … go back to GUNICORN_WORKERS=3 GUNICORN_THREADS=6.", 12),
        ("Keep GUNICORN_WORKERS=3 GUNICORN_THREADS=6.", None),
        ("Look at the log. If that is worse, go back to GUNICORN_WORKERS=2 GUNICORN_THREADS=2.", None),
    ],
)
def test_the_setting_that_is_suggested_is_followed(suggestion: str, new: int | None) -> None:
    found = followed(WAITS, replace(RUN, suggestion=suggestion))
    assert (found and found.threads) == new


def test_other_settings_are_followed() -> None:
    found = followed(replace(WAITS, environ=BARE), replace(RUN, suggestion="Leave GUNICORN_WORKER_CLASS unset: it …"))
    assert found
    assert "GUNICORN_WORKER_CLASS" not in found.environ
    found = followed(WAITS, replace(RUN, suggestion="GUNICORN_MAX_REQUESTS=900 GUNICORN_MAX_REQUESTS_JITTER=90 …"))
    assert found
    assert found.environ == {"GUNICORN_MAX_REQUESTS": "900", "GUNICORN_MAX_REQUESTS_JITTER": "90"}


def test_another_plan_is_not_tried() -> None:
    assert followed(WAITS, replace(RUN, code="cpu", suggestion="GUNICORN_WORKERS=6 GUNICORN_THREADS=6")) is None


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (replace(RUN, failures=50), "5.0% fail"),
        (replace(RUN, p95_ms=500.0), "p95 500 ms"),
        (replace(RUN, rps=80.0), "80 requests/s"),
        (replace(RUN, failures=5, p95_ms=420.0, rps=95.0), ""),
    ],
)
def test_what_is_worse_is_said(after: Measured, words: str) -> None:
    assert words in " ".join(harm(RUN, after))
    assert bool(harm(RUN, after)) == bool(words)


@pytest.mark.parametrize(
    ("known", "after", "word"),
    [
        (WAITS, None, "kept"),
        (WAITS, replace(RUN, p95_ms=110.0, code="healthy"), "cured"),
        (WAITS, replace(RUN, p95_ms=110.0), "better"),
        (WAITS, RUN, "same"),
        (WAITS, replace(RUN, p95_ms=900.0), "worse"),
        (replace(WAITS, beyond=True), replace(RUN, failures=500, suggestion="go back to"), "taken back"),
        (replace(WAITS, beyond=True), replace(RUN, failures=500), "worse"),
    ],
)
def test_what_came_of_it_has_a_word(known: Known, after: Measured | None, word: str) -> None:
    assert outcome(known, RUN, after) == word


@pytest.mark.parametrize(
    ("outcomes", "word"),
    [
        (["same"], "same"),
        (["worse", "same", "same"], "same"),
        (["worse", "cured", "worse"], "worse"),
        (["worse", "worse"], "worse"),
    ],
)
def test_harm_in_one_run_is_none_if_two_more_show_none(outcomes: list[str], word: str) -> None:
    left = iter(outcomes)
    assert settled(lambda: Case(RUN, RUN, next(left))).outcome == word
    assert list(left) == []


def test_what_was_taken_back_is_counted_by_itself() -> None:
    figures = page.load()
    names = ("waits", "ten-connections")
    figures["cases"] = {
        name: figures["cases"]["waits"] | {"outcome": word}
        for name, word in zip(names, ("cured", "taken back"), strict=True)
    }
    assert "2 of 2 cases are as they should be. In 1 of these, what was suggested did harm" in page.render(figures)


@pytest.mark.parametrize("name", ["docs/commands.md", "docs/how-it-measures.md"])
def test_pages_count_the_cases(name: str) -> None:
    apps = len({known.app for known in KNOWN.values()})
    assert f"{len(KNOWN)} cases of {apps} apps" in (ROOT / name).read_text(encoding="utf-8")
