"""`--find-limit`: its steps, with measurements that are made up, and what it writes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import plans
from explain_laws import Setting
from explain_types import Times, Verdict
from sweep.decide.holding import Held, told
from sweep.folder import Results
from sweep.limit import Finder, settings_of
from sweep.loop import Sweep
from sweep.measure.generator import Arrivals
from sweep.measure.measurement import Outcome
from sweep.measure.target import target_of
from sweep.options import Options
from sweep.report import limit_page
from sweep.report.progress import Bar
from tests.sweep import samples
from tests.sweep.marked import needs_two_cores

MOST = 150.0


def outcome(rps: float | None) -> Outcome:
    """What a run at a rate comes to, of an app that holds 150 a second."""
    made = samples.analysis(3, 6)
    if rps is None:
        return Outcome(None, made, None)
    p95, code = (120.0, "healthy") if rps <= MOST else (800.0, "slots")
    analysis = dataclasses.replace(
        made,
        load=dataclasses.replace(made.load, rps=min(rps, MOST), requests=400),
        response_ms=Times(p95, p95, p95, p95),
        generator=dataclasses.replace(made.generator, offered_rps=rps),
        verdict=Verdict(code, "…", "…"),  # type: ignore[arg-type] # one of the codes
    )
    return Outcome(None, analysis, None)


def found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, measured: Any, **options: Any) -> tuple[Held, list[Any]]:
    asked: list[Any] = []

    def settled(_: Sweep, setting: Setting, users: int, seconds: float, arrivals: Arrivals | None = None) -> Outcome:
        asked.append((setting, users, seconds, arrivals))
        made: Outcome = measured(arrivals and arrivals.rps)
        return made

    monkeypatch.setattr(Sweep, "settled", settled)
    about = samples.info(max_p95=300.0, find_limit=True, **options)
    held = Held(3, 6)
    work = Sweep(Results(tmp_path, about, []), target_of(about.options, plans.load()["B1"]), Bar(Console(quiet=True)))
    Finder(work, lambda _: None, lambda: limit_page.save(tmp_path, about, [held])).run([held])
    limit_page.render(tmp_path, about, [held])
    return held, asked


@needs_two_cores
def test_it_finds_how_much_a_setting_holds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    held, asked = found(monkeypatch, tmp_path, outcome)
    assert held.holds_rps is not None
    assert held.breaks_rps is not None
    assert held.holds_rps <= MOST < held.breaks_rps
    assert asked[0][0] == Setting(1, 1)
    assert asked[0][3] is None  # one user alone
    assert {setting for setting, *_ in asked[1:]} == {Setting(3, 6)}
    seeds = [arrivals.seed for *_, arrivals in asked[1:]]
    assert len(set(seeds)) == len(seeds)  # each step at other moments
    page, written = (tmp_path / "limit.html").read_text(), json.loads((tmp_path / "limit.json").read_text())
    (setting,) = written["settings"]
    assert (setting["holds_rps"], setting["breaks_rps"]) == (held.holds_rps, held.breaks_rps)
    assert setting["breaks_first"].startswith("slots")
    assert len(setting["steps"]) == len(held.steps)
    assert setting["steps"][0]["analysis"]["response_ms"]["p95"] == 120
    assert "holds" in page
    assert f"{held.breaks_rps:g}/s p95 is 800 ms" in page
    assert page.count('data-chart="chart-') == 2
    assert "http-equiv" in page


@needs_two_cores
def test_an_app_that_does_not_start_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    held, asked = found(monkeypatch, tmp_path, lambda _: Outcome("KeyError: 'KEY'\nlog", None, None, not_started=True))
    assert len(asked) == 1
    assert "nothing can be said: KeyError: 'KEY'." in told(held, Options.of(max_p95=300.0))


@needs_two_cores
def test_a_saturated_generator_ends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def saturated(rps: float | None) -> Outcome:
        return dataclasses.replace(outcome(rps), saturated=(rps or 0.0) > 80)

    held, _ = found(monkeypatch, tmp_path, saturated)
    assert held.breaks_rps is None
    assert held.holds_rps is not None
    assert held.holds_rps <= 80
    assert held.steps[-1].void


def test_the_settings_are_those_that_were_given_else_the_default() -> None:
    assert settings_of(Options.of(), 1) == [Setting(3, 6)]
    assert settings_of(Options.of(workers=(2,)), 1) == [Setting(2, 6)]
    assert settings_of(Options.of(workers=(1, 2), threads=(3, 9)), 4) == [
        *(Setting(1, 3), Setting(1, 9)),
        *(Setting(2, 3), Setting(2, 9)),
    ]
