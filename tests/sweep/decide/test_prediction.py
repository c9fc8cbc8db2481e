"""What the probe and the first runs say of every setting."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest

from explain_laws import Demand, Setting
from explain_types import Analysis
from sweep.decide.prediction import Prediction, cycle_of, prediction_of
from sweep.records import PlanSize, Run
from tests.sweep import samples

THINKS = Prediction(users=36, vcpu=1, app_s=0.1, think_s=0.3, cpu_s=0.002, base_mb=42.0, worker_mb=16.0)


def run_with(run: Run, **demand: Any) -> Run:
    """The same run with another demand."""
    assert run.analysis
    return msgspec.structs.replace(run, analysis=asking(run.analysis, **demand))


def asking(analysis: Analysis, **demand: Any) -> Analysis:
    """The same analysis with another demand."""
    return dataclasses.replace(analysis, demand=dataclasses.replace(analysis.demand, **demand))


@pytest.mark.parametrize(
    ("setting", "rate", "limit"),
    [(Setting(1, 1), 10.0, "slots"), (Setting(3, 6), 90.0, "users"), (Setting(1, 9), 90.0, "users")],
    ids=str,
)
def test_the_lowest_of_the_three_bounds(setting: Setting, rate: float, limit: str) -> None:
    bound, law = THINKS.bound(setting)
    assert bound == pytest.approx(rate)
    assert law == limit


def test_the_cpu_bounds_by_workers_and_by_the_plan() -> None:
    computes = dataclasses.replace(THINKS, cpu_s=0.1, vcpu=2)
    bounds = [computes.bound(Setting(workers, 9)) for workers in (1, 2, 3)]
    assert [rate for rate, _ in bounds] == pytest.approx([10, 20, 20])
    assert {law for _, law in bounds} == {"cpu"}
    assert computes.best_rps == pytest.approx(20)
    assert computes.slots_for(computes.best_rps) == pytest.approx(2)


@pytest.mark.parametrize(
    ("workers", "cpu_utilization", "rate"),
    [(1, 0.98, 400.0), (1, 0.25, 100.0), (2, 0.5, 100.0), (2, 0.62, 400.0)],
    ids=["all four cores", "one core", "a core each", "more than a core each"],
)
def test_a_worker_that_was_seen_on_more_than_one_core_is_not_bounded_by_one(
    workers: int, cpu_utilization: float, rate: float
) -> None:
    about, run = samples.info(), samples.run(workers, 36, cpu_s=0.01)
    assert about.unloaded
    about.unloaded = asking(about.unloaded, cpu_s=0.01, app_s=0.01)
    about.plan = PlanSize("P2", 4, 7000.0)
    run = msgspec.structs.replace(run, outside=samples.outside(50.0, cpu_utilization))
    predicted = prediction_of(about, [run_with(run, cpu_s=0.01, app_s=0.01)])
    assert predicted
    assert predicted.most_rps(1) == pytest.approx(rate)


def test_users_who_think_are_not_in_a_response() -> None:
    """36 users at 10 requests/s take 3.6 s from one request to the next, of which they think 0.3 s."""
    assert THINKS.response_s(THINKS.bound(Setting(1, 1))[0]) == pytest.approx(3.3)
    assert THINKS.response_s(THINKS.bound(Setting(3, 6))[0]) == pytest.approx(THINKS.app_s)
    assert THINKS.cycle_s == pytest.approx(0.4)


def test_memory_grows_with_each_further_worker() -> None:
    assert [THINKS.memory_mb(workers) for workers in (1, 3)] == [42.0, 74.0]


def test_s_and_z_are_weighted_and_c_is_the_median_of_what_is_no_dearer() -> None:
    about = samples.info()
    assert about.unloaded
    about.unloaded = asking(about.unloaded, app_s=0.1, think_s=0.3, cpu_s=0.9)
    few = dataclasses.replace(about.unloaded.load, requests=20)
    about.unloaded = dataclasses.replace(about.unloaded, load=few)
    runs = [samples.run(3, 12, number, cpu_s=cpu_s) for number, cpu_s in enumerate((0.002, 0.00202, 0.004))]
    runs = [run_with(run, app_s=0.11, think_s=0.29) for run in runs]
    predicted = prediction_of(about, [*runs, samples.failed(1, 1, "died")])
    assert predicted
    # The probe's twenty requests weigh little beside thousands; the run whose threads compete has no part in C.
    assert predicted.app_s == pytest.approx(0.11, rel=0.001)
    assert predicted.think_s == pytest.approx(0.29, rel=0.001)
    assert predicted.cpu_s == pytest.approx(0.00201)
    assert (predicted.base_mb, predicted.worker_mb) == (samples.BASE_MB, samples.WORKER_MB)


def test_who_waits_inside_the_app_tells_nothing_of_what_a_request_takes_alone() -> None:
    about = samples.info()
    waits = samples.run(3, 12)
    assert waits.analysis
    longer = dataclasses.replace(waits.analysis.app_ms, p50=2 * samples.APP_S * 1e3)
    waits = msgspec.structs.replace(waits, analysis=dataclasses.replace(waits.analysis, app_ms=longer))
    predicted = prediction_of(about, [run_with(waits, app_s=0.2)])
    assert predicted
    assert predicted.app_s == pytest.approx(samples.APP_S)


@pytest.mark.parametrize(
    ("users", "app_s", "think_s", "slots"),
    [(15, 0.098, 2.0, 4), (15, 0.196, 2.0, 5), (36, 0.1, 0.0, 36), (100, 0.1, 2.0, 10), (1, 0.1, 1.0, 1)],
)
def test_how_many_slots_users_who_think_need(users: int, app_s: float, think_s: float, slots: int) -> None:
    asked = dataclasses.replace(THINKS, users=users, app_s=app_s, think_s=think_s)
    assert asked.enough_slots() == slots


@pytest.mark.parametrize(
    ("think_s", "cpu_s", "thinking"),
    [(0.0, 0.001, False), (0.05, 0.001, False), (1.0, 0.001, True), (1.0, 0.05, False)],
)
def test_users_think_where_pauses_hide_what_the_server_could_serve(
    think_s: float, cpu_s: float, thinking: bool
) -> None:
    assert dataclasses.replace(THINKS, think_s=think_s, cpu_s=cpu_s).thinking == thinking


@pytest.mark.parametrize("unknown", ["app_s", "cpu_s"])
def test_nothing_is_predicted_from_what_is_not_known(unknown: str) -> None:
    about, run = samples.info(), samples.run(3, 6)
    assert about.unloaded
    assert run.analysis
    if unknown == "app_s":
        about.unloaded = asking(about.unloaded, app_s=None)
    else:
        run = type(run)(3, 6, 0, "ok", analysis=asking(run.analysis, cpu_s=None))
    assert prediction_of(about, [run]) is None


def test_without_the_header_a_cycle_is_as_long_as_a_response() -> None:
    unloaded = samples.analysis(1, 1, users=1)
    assert cycle_of(asking(unloaded, think_s=0.3)) == pytest.approx(samples.APP_S + 0.3)
    silent = dataclasses.replace(unloaded, demand=Demand(None, None, None, False))
    assert cycle_of(silent) == pytest.approx((unloaded.response_ms.mean or 0) / 1e3)
