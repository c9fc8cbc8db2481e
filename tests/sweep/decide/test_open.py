"""Settings for arrivals that do not wait for answers, against the analysis' own simulation of an app."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from explain_laws import Setting
from sweep.decide.findings import Findings
from sweep.decide.prediction import Prediction
from sweep.decide.search import most_at_a_time, next_step
from sweep.decide.slowdown import foretold
from sweep.folder import Results, create
from sweep.records import Info, Run
from sweep.report import pages
from tests.locustfiles import arriving, simulated
from tests.locustfiles.simulated import App, Route
from tests.sweep import samples

WAITS, COMPUTES = Route("waits", [0.1]), Route("computes", [("cpu", 0.03)])


def info(route: Route, rps: float, **options: Any) -> Info:
    made = samples.info(rps=rps, repeats=1, **options)
    made.unloaded = simulated.explained(App([route], 1, 1), users=1, seconds=6)
    return made


def measured(route: Route, setting: Setting, rps: float, repeat: int = 0) -> Run:
    analysis = arriving.explained(App([route], *setting), rps, seconds=10)
    return Run(*setting, repeat, "ok", None, analysis, samples.outside(50.0, analysis.cpu_utilization or 0.0))


def swept(route: Route, rps: float, folder: Path, **options: Any) -> Results:
    results = create(folder, info(route, rps, **options))
    while step := next_step(Findings.of(results)):
        assert len(results.runs) < 12
        results.append(measured(route, step.setting, rps, step.repeat))
    return results


def predicted(rps: float, app_s: float = 0.1) -> Prediction:
    folder_info = info(WAITS, rps)
    runs = [measured(WAITS, Setting(3, 18), rps)]
    made = Findings(folder_info, runs).prediction
    assert made
    return dataclasses.replace(made, app_s=app_s)


def test_arrivals_are_endlessly_many_users_who_think() -> None:
    made = predicted(40)
    assert made.users_rps == pytest.approx(40, rel=0.02)
    assert made.thinking
    assert made.bound(Setting(1, 2))[0] == pytest.approx(20, rel=0.02)
    assert made.bound(Setting(3, 6))[1] == "users"
    # Poisson with a mean of 4: 98 of 100 find at most 9 before them.
    assert made.enough_slots() == 10
    assert made.slowed(2).enough_slots() == pytest.approx(15, abs=1)


def test_a_slower_upstream_lets_the_queue_grow_where_it_cannot_keep_up() -> None:
    made = predicted(100)
    assert made.response_s(100) == pytest.approx(0.1)
    assert made.slowed(3).response_s(60) == float("inf")


@pytest.mark.parametrize("rps", [20, 60, 120])
def test_the_fewest_slots_that_keep_the_p95_and_have_room(rps: float, tmp_path: Path) -> None:
    results = swept(WAITS, rps, tmp_path / "sweep")
    recommendation = Findings.of(results).recommendation
    assert recommendation.setting
    slots = recommendation.setting.slots
    assert 1.2 * rps * 0.1 <= slots <= 5 * rps * 0.1 + 4
    assert recommendation.setting.workers >= 2
    again = arriving.explained(App([WAITS], *recommendation.setting), rps)
    assert again.verdict.code == "healthy"
    assert (again.response_ms.p95 or 0) < 130
    assert f"{rps:g} arrivals/s on B1" in recommendation.reason
    assert "users" not in recommendation.reason
    assert len(results.runs) <= 5


def test_what_no_setting_holds_has_none(tmp_path: Path) -> None:
    """60 a second of 30 ms CPU each, on one core."""
    recommendation = Findings.of(swept(COMPUTES, 60, tmp_path / "sweep")).recommendation
    assert recommendation.setting is None
    assert "it serves 3" in recommendation.reason
    assert "requests/s" in recommendation.reason


def test_too_few_slots_are_not_recommended(tmp_path: Path) -> None:
    results = create(tmp_path / "sweep", info(WAITS, 60))
    for setting in (Setting(1, 3), Setting(2, 8)):
        results.append(measured(WAITS, setting, 60))
    recommendation = Findings.of(results).recommendation
    assert recommendation.setting == Setting(2, 8)
    twice, thrice, *_ = [foretold(one) for one in recommendation.slowed]
    assert re.search(r"2 × 8 would serve (59\.\d|60) requests/s \(100% of today's\) in 20\d ms", twice)  # 60 · 0.2 < 16
    assert "a time that grows for as long as they come" in thrice  # 60 · 0.3 > 16


def test_its_report_speaks_of_arrivals(tmp_path: Path) -> None:
    results = swept(WAITS, 60, tmp_path / "sweep")
    pages.render(results.folder, Findings.of(results))
    html, text = ((results.folder / name).read_text() for name in ("report.html", "report.md"))
    for page in (html, text):
        assert "60 arrivals/s" in page
        assert "36 users" not in page
    assert "min(λ, slots / S" in html
    assert "users bound" not in html


def test_how_many_can_be_expected_at_a_time() -> None:
    assert most_at_a_time(info(WAITS, 60)) == pytest.approx(12 + 3 * 12**0.5, abs=2)
    assert most_at_a_time(info(WAITS, 0.1)) == 4
    assert most_at_a_time(samples.info()) == 36
