"""The search, against apps that exist as a formula: what it measures, what it skips, and what comes of it."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from explain_laws import Setting
from explain_types import Analysis, Demand, Times
from sweep.decide.findings import Findings
from sweep.decide.search import CELLS_MOST, Search, next_step
from sweep.folder import Results, create, load
from sweep.options import Options
from sweep.records import Info, PlanSize, Run
from tests.sweep import samples

GRID = [Setting(*pair) for pair in samples.GRID]


@dataclass(frozen=True)
class App:
    """An app as a formula.

    Attributes:
        app_s, cpu_s: of a request.
        efficiency: what a setting serves of what the laws allow it.
        worker_mb: memory of each further worker.
        vcpu: the plan's.
    """

    app_s: float
    cpu_s: float
    efficiency: Callable[[Setting], float] = lambda _: 1.0
    worker_mb: float = 16.0
    vcpu: int = 1

    def info(self, options: Options) -> Info:
        about = samples.info(**msgspec.structs.asdict(options))
        about.plan = PlanSize("B1", self.vcpu, 512.0)
        about.unloaded = self.analysis(Setting(1, 1), users=1)
        return about

    def analysis(self, setting: Setting, factor: float = 1.0, users: int = samples.USERS) -> Analysis:
        return samples.analysis(
            *setting, users=users, vcpu=self.vcpu, app_s=self.app_s, cpu_s=self.cpu_s, factor=factor
        )

    def measure(self, setting: Setting, repeat: int, noise: float = 1.0) -> Run:
        measured = self.analysis(setting, self.efficiency(setting) * noise)
        peak = samples.BASE_MB + self.worker_mb * (setting.workers - 1)
        return Run(*setting, repeat, "ok", None, measured, samples.outside(peak))

    def rps(self, setting: Setting) -> float:
        return self.analysis(setting, self.efficiency(setting)).load.rps


def late_knee(setting: Setting) -> float:
    """Threads that compete: it takes twice the slots of Little's law until a setting is at its bound."""
    return 1 - 0.3 / (1 + (setting.slots / 16) ** 3)


def gil(setting: Setting) -> float:
    """One worker's threads lose a fifth, as where they take the interpreter's lock from each other."""
    return {1: 0.8, 2: 0.95}.get(setting.workers, 1.0)


def five(setting: Setting) -> float:
    """Each further worker helps, up to five: something that no bound knows."""
    return 0.55 + 0.09 * min(5, setting.workers)


APPS = {
    "waits": App(0.1, 0.0015),
    "computes": App(0.0205, 0.0207),
    "both": App(0.0857, 0.0055),
    "both, late knee": App(0.0857, 0.0055, late_knee),
    "both, one worker is slower": App(0.0857, 0.0055, gil),
    "both, more workers than expected": App(0.0857, 0.0055, five),
    "waits, on two vCPU": App(0.1, 0.0015, vcpu=2),
    "computes, on two vCPU": App(0.0205, 0.0207, vcpu=2),
    "short": App(0.002, 0.0015),
}


def swept(app: App, folder: Path, options: Options, noise: float = 0.005) -> Results:
    """Let the search run to its end."""
    chance = random.Random(options.seed)
    results = create(folder, app.info(options))
    while step := next_step(Findings.of(results)):
        assert len(results.runs) < 100
        results.append(app.measure(step.setting, step.repeat, chance.gauss(1, noise)))
    return results


def chosen(results: Results) -> Setting:
    setting = Findings.of(results).recommendation.setting
    assert setting
    return setting


def skipped_of(results: Results) -> dict[Setting, str]:
    findings = Findings.of(results)
    assert findings.prediction
    return dict(Search(findings, findings.prediction).skipped())


@pytest.mark.parametrize("app", APPS.values(), ids=APPS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_little_is_measured_and_the_best_is_found(app: App, seed: int, tmp_path: Path) -> None:
    results = swept(app, tmp_path / "sweep", Options.of(seed=seed))
    measured = {run.setting for run in results.runs}
    best = max(app.rps(setting) for setting in [*GRID, *measured])
    assert app.rps(chosen(results)) >= 0.97 * best
    assert len(measured) <= CELLS_MOST < len(GRID)


def test_an_app_that_computes_gets_no_more_memory_than_two_workers_need(tmp_path: Path) -> None:
    assert chosen(swept(APPS["computes"], tmp_path / "sweep", Options.of())).workers == 2


def test_settings_that_could_be_the_best_are_repeated_and_others_are_not(tmp_path: Path) -> None:
    app = App(0.0857, 0.0055, gil)
    results = swept(app, tmp_path / "sweep", Options.of(repeats=3))
    runs = {
        setting: sum(run.setting == setting for run in results.runs) for setting in {r.setting for r in results.runs}
    }
    best = max(app.rps(setting) for setting in runs)
    for setting, number in runs.items():
        if app.rps(setting) > 0.99 * best:
            assert number == 3, setting
        if app.rps(setting) < 0.9 * best:
            assert number == 1, setting


def test_a_search_that_was_cut_off_anywhere_goes_on_as_it_would_have(tmp_path: Path) -> None:
    app, options = APPS["both"], Options.of(seed=4)
    whole = swept(app, tmp_path / "whole", options, noise=0)
    for cut in range(len(whole.runs)):
        part = Results(whole.folder, whole.info, whole.runs[:cut])
        step = next_step(Findings.of(part))
        assert step
        assert (step.setting, step.repeat) == (whole.runs[cut].setting, whole.runs[cut].repeat)


def test_every_skipped_setting_has_a_reason_that_holds(tmp_path: Path) -> None:
    app, options = APPS["waits"], Options.of()
    results = swept(app, tmp_path / "sweep", options)
    skipped = skipped_of(results)
    assert not set(skipped) & {run.setting for run in results.runs}
    top = app.rps(chosen(results))
    for setting, reason in skipped.items():
        assert app.rps(setting) <= top * 1.03, reason
    assert "slots bound" in skipped[Setting(1, 6)]
    assert "more slots than 36 users" in skipped[Setting(3, 18)]


def test_no_setting_beyond_the_plans_memory_is_measured(tmp_path: Path) -> None:
    app, options = App(0.1, 0.0015, worker_mb=420.0), Options.of()
    results = swept(app, tmp_path / "sweep", options)
    # The first loaded run has three workers, as nothing is known then; it tells what a worker takes.
    assert {run.workers for run in results.runs[1:]} == {1}
    reasons = skipped_of(results)
    assert "MB" in reasons[Setting(2, 18)]
    assert chosen(results) == Setting(1, 36)


def test_a_limit_on_the_p95_is_kept_or_told(tmp_path: Path) -> None:
    app = APPS["both"]
    kept = swept(app, tmp_path / "kept", Options.of(max_p95=400.0))
    cell = Findings.of(kept).by_setting[chosen(kept)]
    assert cell.p95_ms
    assert cell.p95_ms.mean <= 400

    missed = swept(app, tmp_path / "missed", Options.of(max_p95=100.0))
    recommendation = Findings.of(missed).recommendation
    assert recommendation.setting is None
    assert "100 ms" in recommendation.reason


@pytest.mark.parametrize("limit_ms", [220.0, 250.0])
def test_a_limit_that_the_first_guesses_miss_is_searched_for(limit_ms: float, tmp_path: Path) -> None:
    """The bounds know nothing of a p95."""
    app = APPS["both, more workers than expected"]
    results = swept(app, tmp_path / "sweep", Options.of(max_p95=limit_ms), noise=0)
    cells = Findings.of(results).by_setting
    first = cells[results.runs[0].setting]
    assert first.p95_ms
    assert first.p95_ms.mean > limit_ms
    best = cells[chosen(results)]
    assert best.p95_ms
    assert best.p95_ms.mean <= limit_ms


def test_one_window_slightly_above_the_limit_refuses_nothing(tmp_path: Path) -> None:
    app = APPS["waits"]
    p95_ms = app.analysis(Setting(1, 36)).response_ms.p95
    assert p95_ms
    options = Options.of(max_p95=p95_ms * 0.99)
    results = create(tmp_path / "sweep", app.info(options))
    while step := next_step(Findings.of(results)):
        results.append(app.measure(step.setting, step.repeat, noise=0.998 if step.repeat == 0 else 1.02))
    assert chosen(results).slots >= 36


@pytest.mark.parametrize("repeats", [1, 3])
def test_a_grid_is_measured_whole_and_each_repeat_in_another_order(repeats: int, tmp_path: Path) -> None:
    options = Options.of(workers=(1, 2, 3), threads=(1, 6), repeats=repeats)
    results = swept(APPS["waits"], tmp_path / "sweep", options)
    orders = [[run.setting for run in results.runs if run.repeat == repeat] for repeat in range(repeats)]
    assert all(sorted(order) == [(1, 1), (1, 6), (2, 1), (2, 6), (3, 1), (3, 6)] for order in orders)
    assert len({tuple(order) for order in orders}) == repeats
    assert [run.repeat for run in results.runs] == sorted(run.repeat for run in results.runs)


def test_a_worker_without_slots_has_no_slots_bound(tmp_path: Path) -> None:
    app = APPS["waits"]
    about = app.info(Options.of())
    assert about.unloaded
    demand = dataclasses.replace(about.unloaded.demand, bounded=False)  # as of gevent
    about.unloaded = dataclasses.replace(about.unloaded, demand=demand)
    results = create(tmp_path / "sweep", about)
    results.append(app.measure(Setting(3, 12), 0))
    prediction = Findings.of(results).prediction
    assert prediction
    rate, limit = prediction.bound(Setting(1, 1))
    assert limit == "users"
    assert rate == pytest.approx(360)


def test_without_the_header_it_measures_what_it_would_without_a_probe(tmp_path: Path) -> None:
    app, options = APPS["waits"], Options.of(repeats=1)
    about = app.info(options)
    assert about.unloaded
    about.unloaded = dataclasses.replace(
        about.unloaded, demand=Demand(None, None, None, False), app_ms=Times(None, None, None, None)
    )
    results = create(tmp_path / "sweep", about)
    while step := next_step(Findings.of(results)):
        results.append(app.measure(step.setting, step.repeat))
    assert Findings.of(results).prediction is None
    assert 4 <= len(results.runs) <= 10
    assert chosen(results).slots >= 36


def test_only_numbers_of_workers_are_given(tmp_path: Path) -> None:
    results = swept(APPS["waits"], tmp_path / "sweep", Options.of(workers=(2, 4)))
    assert {run.workers for run in results.runs} == {2, 4}
    assert chosen(results).slots >= 36


@pytest.mark.parametrize("options", [Options.of(), Options.of(workers=(1, 2), threads=(1, 6))], ids=["alone", "grid"])
def test_an_app_that_always_fails_is_tried_a_little_and_never_twice(options: Options, tmp_path: Path) -> None:
    about = samples.info(probe=False, **msgspec.structs.asdict(options))
    results = create(tmp_path / "sweep", about)
    while step := next_step(Findings.of(results)):
        results.append(samples.failed(*step.setting, "gunicorn ended with status 3"))
    tried = [run.setting for run in results.runs]
    assert len(tried) == len(set(tried))
    assert 4 <= len(tried) <= 10
    recommendation = Findings.of(load(tmp_path / "sweep")).recommendation
    assert recommendation.setting is None
    assert "gunicorn ended with status 3" in recommendation.reason


def test_the_others_go_on_when_one_fails(tmp_path: Path) -> None:
    app, options = APPS["waits"], Options.of(workers=(1, 2), threads=(6, 18), repeats=2)
    results = create(tmp_path / "sweep", app.info(options))
    while step := next_step(Findings.of(results)):
        broken = step.setting == Setting(2, 18)
        results.append(samples.failed(2, 18, "killed") if broken else app.measure(step.setting, step.repeat))
    runs = [run.setting for run in results.runs]
    assert runs.count(Setting(2, 18)) == 1
    assert all(runs.count(Setting(*pair)) == 2 for pair in [(1, 6), (1, 18), (2, 6)])
    assert chosen(results) == Setting(1, 18)
