"""What the probe and the first runs say of every setting."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from explain_laws import Demand, Setting
from explain_types import Analysis
from sweep.decide.prediction import Prediction, cycle_of, prediction_of
from tests.sweep import samples

THINKS = Prediction(users=36, vcpu=1, app_s=0.1, think_s=0.3, cpu_s=0.002, base_mb=42.0, worker_mb=16.0)


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


def test_users_who_think_are_not_in_a_response() -> None:
    """36 users at 10 requests/s take 3.6 s from one request to the next, of which they think 0.3 s."""
    assert THINKS.response_s(Setting(1, 1)) == pytest.approx(3.3)
    assert THINKS.response_s(Setting(3, 6)) == pytest.approx(THINKS.app_s)
    assert THINKS.cycle_s == pytest.approx(0.4)


def test_memory_grows_with_each_further_worker() -> None:
    assert [THINKS.memory_mb(workers) for workers in (1, 3)] == [42.0, 74.0]


def test_s_and_z_are_the_probes_and_c_is_the_median_under_load() -> None:
    about = samples.info()
    assert about.unloaded
    about.unloaded = asking(about.unloaded, app_s=0.1, think_s=0.3, cpu_s=0.9)
    runs = [samples.run(3, 6, number, cpu_s=cpu_s) for number, cpu_s in enumerate((0.004, 0.001, 0.002))]
    predicted = prediction_of(about, [*runs, samples.failed(1, 1, "died")])
    assert predicted
    assert (predicted.app_s, predicted.think_s, predicted.cpu_s) == (0.1, 0.3, 0.002)
    assert (predicted.base_mb, predicted.worker_mb) == (samples.BASE_MB, samples.WORKER_MB)


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
