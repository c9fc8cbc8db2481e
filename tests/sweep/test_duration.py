"""How long a sweep takes: one function says it, and whatever else says it says the same."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from explain_types import Analysis
from sweep import cli
from sweep.duration import forecast, steps_forecast, window
from sweep.options import Options
from tests.bed import ROOT
from tests.sweep import samples


def probe(app_s: float, think_s: float) -> Analysis:
    """What one user saw."""
    alone = samples.analysis(1, 1, users=1, app_s=app_s)
    return dataclasses.replace(alone, demand=dataclasses.replace(alone.demand, think_s=think_s))


@pytest.mark.parametrize(
    ("app_s", "think_s", "users", "seconds"),
    [(0.1, 0.0, 36, 6), (1.0, 0.0, 36, 20), (9.0, 0.0, 36, 60), (0.1, 2.0, 15, 17), (0.1, 2.0, 100, 6)],
    ids=["short", "a second", "long", "few who think", "many who think"],
)
def test_a_window_has_some_cycles_of_a_user(app_s: float, think_s: float, users: int, seconds: float) -> None:
    assert window(probe(app_s, think_s), users) == seconds


@pytest.mark.parametrize(
    ("app_s", "rps", "seconds"),
    [(0.1, 60, 6), (0.1, 10, 30), (0.1, 1, 60), (2.0, 100, 22)],
    ids=["many", "few", "very few", "long"],
)
def test_a_window_has_enough_arrivals_for_a_p95(app_s: float, rps: float, seconds: float) -> None:
    assert window(probe(app_s, 0.0), 36, rps) == pytest.approx(seconds, abs=1)


FIRST = "at most about {} minutes if nothing disturbs, up to {} for slow pages: one user's run, the first, tells"
USUAL = f"At most 10 settings, up to 3 windows of 6 s each: {FIRST.format(4, 21)}"


@pytest.mark.parametrize(
    ("options", "unloaded", "said"),
    [
        ({}, None, USUAL),
        ({}, probe(0.1, 0.0), "At most 10 settings, up to 3 windows of 6 s each: at most about 4 minutes"),
        ({}, probe(1.0, 0.0), "At most 10 settings, up to 3 windows of 20 s each: at most about 8 minutes"),
        ({}, probe(9.0, 0.0), "At most 10 settings, up to 3 windows of 60 s each: at most about 21 minutes"),
        ({"users": 15}, probe(0.1, 2.0), "At most 5 settings, up to 3 windows of 17 s each: at most about 4 minutes"),
        (
            {"users": 15, "pause": "1-3"},
            None,
            f"At most 5 settings, up to 3 windows of 18 s each: {FIRST.format(5, 21)}",
        ),
        (
            {"users": 15, "pause": "10"},
            None,
            f"At most 5 settings, up to 3 windows of 60 s each: {FIRST.format(12, 21)}",
        ),
        ({"pause": "0"}, None, USUAL),
        (
            {"rps": 40.0},
            None,
            f"At most 5 settings, up to 3 windows of 8 s each: {FIRST.format(3, 12)}",
        ),
        ({"rps": 1.0}, None, "At most 5 settings, up to 3 windows of 60 s each: at most about 12 minutes"),
        (
            {"workers": (1, 2), "threads": (3,), "repeats": 1, "seconds": 2.0},
            None,
            "2 settings, a window of 2 s each: at most about 1 minute",
        ),
    ],
    ids=[
        *("default", "quick requests", "long requests", "the longest window", "users who think"),
        *("a pause", "a long pause", "no pause", "arrivals", "few arrivals", "a grid"),
    ],
)
def test_it_says_beforehand_how_long_it_takes(options: dict[str, Any], unloaded: Analysis | None, said: str) -> None:
    text = forecast(Options.of(**options), unloaded)
    assert text == (said if "disturbs" in said else f"{said} if nothing disturbs")


@pytest.mark.parametrize("app_s", [0.01, 0.3, 1.0, 9.0, 40.0])
@pytest.mark.parametrize("think_s", [0.0, 0.2, 2.0, 20.0])
@pytest.mark.parametrize("options", [{}, {"users": 15}, {"rps": 40.0}, {"repeats": 1}, {"seconds": 5.0}], ids=str)
def test_what_it_says_first_holds(options: dict[str, Any], app_s: float, think_s: float) -> None:
    """Whatever one user's run shows: with a slow page it said four minutes, and a moment later fifteen."""
    asked = Options.of(**options, **({} if "rps" in options else {"pause": f"{think_s:g}"}))
    first, then = forecast(asked), forecast(asked, probe(app_s, think_s))
    numbers = re.findall(r"(?:about|up to) (\d+)(?= minute| for slow)", first)
    (minutes,) = re.findall(r"about (\d+) minute", then)
    assert int(minutes) <= int(numbers[-1])
    if app_s <= 0.3:
        assert int(minutes) <= int(numbers[0])


def test_an_app_that_starts_slowly_takes_longer() -> None:
    alone = probe(0.1, 0.0)
    assert "about 10 minutes" in forecast(Options.of(), alone, around=24.0)
    assert "about 4 minutes" in forecast(Options.of(), alone)


def test_how_long_it_takes_to_find_a_limit() -> None:
    assert steps_forecast(Options.of(), 1) == (
        "at most 24 steps of 6 s or more for each: at most about 5 minutes if nothing disturbs, "
        "up to 27 for slow pages or low rates"
    )
    assert steps_forecast(Options.of(seconds=2.0), 2) == (
        "at most 24 steps of 2 s for each: at most about 5 minutes if nothing disturbs"
    )


def test_help_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["--help"])
    assert USUAL in " ".join(capsys.readouterr().out.split())


QUICK, SLOW = re.findall(r"about (\d+) minutes.*up to (\d+)", forecast(Options.of()))[0]
STEPS_QUICK, STEPS_SLOW = re.findall(r"about (\d+) minutes.*up to (\d+)", steps_forecast(Options.of(), 1))[0]


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("README.md", f"takes at most {QUICK} minutes (up to {SLOW} for slow pages"),
        ("README.ja.md", f"最長 {QUICK} 分(遅いページでは最長 {SLOW} 分"),
        ("docs/commands.md", f"at most {QUICK} minutes, up to {SLOW} for slow pages"),
        ("docs/commands.md", f"at most {STEPS_QUICK} minutes, up to {STEPS_SLOW} for slow pages"),
        ("docs/choosing-values.md", f"at most {QUICK} minutes"),
        ("docs/choosing-values.md", f"up to {SLOW} minutes"),
    ],
)
def test_the_documents_say_the_same(page: str, words: str) -> None:
    assert words in " ".join((ROOT / page).read_text().split())
