"""How much a setting holds: the steps, against apps that exist as a formula."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

import pytest

from explain_laws import Setting
from explain_types import Analysis, Times, Verdict
from sweep.decide.holding import STEPS_MOST, Held, Step, bound_of, judged, next_rate, told
from sweep.options import Options
from tests.sweep import samples

OPTIONS = Options.of(max_p95=300.0, plan="B1")


def analysis(rps: float, p95: float, *, served: float = 1.0, failed: float = 0.0, code: str = "healthy") -> Analysis:
    """Locust's, of arrivals at a rate."""
    made = samples.analysis(3, 6)
    load = dataclasses.replace(made.load, requests=500, failures=round(500 * failed), rps=rps * served)
    return dataclasses.replace(
        made,
        load=load,
        response_ms=Times(p95 / 2, p95 / 2, p95, p95),
        generator=dataclasses.replace(made.generator, offered_rps=rps),
        verdict=Verdict(code, "…", "…"),  # type: ignore[arg-type] # one of the codes
    )


def found(p95_at: Callable[[float, int], float], bound_rps: float | None = 180.0) -> Held:
    """The steps against an app whose p95 at a rate, in its how manieth run, is known."""
    held = Held(3, 6, bound_rps=bound_rps)
    while (rate := next_rate(held)) is not None:
        p95 = p95_at(rate, len(held.steps))
        code = "slots" if p95 > 200 else "healthy"
        held.steps.append(judged(rate, analysis(rate, p95, code=code), None, None, OPTIONS))
    return held


def breaks_at(most: float) -> Callable[[float, int], float]:
    return lambda rate, _: 900.0 if rate > most else 120.0


@pytest.mark.parametrize("bound_rps", [180.0, 40.0, None], ids=["a good bound", "one that is too low", "none"])
@pytest.mark.parametrize("most", [8.0, 61.0, 170.0, 400.0])
def test_what_holds_and_what_breaks_are_near(most: float, bound_rps: float | None) -> None:
    held = found(breaks_at(most), bound_rps)
    assert held.holds_rps is not None
    assert held.breaks_rps is not None
    assert held.holds_rps <= most < held.breaks_rps
    assert held.breaks_rps / held.holds_rps <= 1.2
    assert len(held.steps) <= STEPS_MOST


def test_it_rises_from_a_share_of_the_bound_and_tries_twice_what_breaks() -> None:
    held = found(breaks_at(170))
    rates = [step.rps for step in held.steps]
    assert rates[0] == 45
    first = next(number for number, step in enumerate(held.steps) if not step.holds)
    assert rates[: first + 1] == sorted(rates[: first + 1])
    assert rates[first + 1] == rates[first]


def test_a_rate_that_breaks_once_by_chance_is_no_limit() -> None:
    """Every third run is disturbed, never two at the same rate one after the other."""
    held = found(lambda rate, run: 900.0 if rate > 170 or run == 2 else 120.0)
    assert held.holds_rps is not None
    assert 140 < held.holds_rps <= 170


def test_noise_near_the_limit_ends_all_the_same() -> None:
    for seed in range(20):
        chance = random.Random(seed)
        held = found(lambda rate, _, chance=chance: 300 * chance.lognormvariate(rate / 170 - 1, 0.3))  # type: ignore[misc]
        assert len(held.steps) <= STEPS_MOST
        assert told(held, OPTIONS)
        if held.holds_rps and held.breaks_rps:
            assert held.holds_rps < held.breaks_rps


def test_what_holds_nothing() -> None:
    held = found(breaks_at(0.0))
    assert held.holds_rps is None
    assert "3 × 6 on B1 does not hold" in told(held, OPTIONS)


def test_what_never_breaks() -> None:
    held = found(breaks_at(1e12))
    assert len(held.steps) == STEPS_MOST
    assert f"no rate that surely breaks it was found: {STEPS_MOST} steps were made" in told(held, OPTIONS)


def test_it_says_what_holds_what_breaks_and_what_breaks_first() -> None:
    held = found(breaks_at(170))
    low, high, cpu = held.holds_rps, held.breaks_rps, samples.analysis(3, 6).cpu_utilization
    assert told(held, OPTIONS) == (
        f"3 × 6 on B1 holds {low:g} arrivals/s within p95 ≤ 300 ms (p95 120 ms); at {high:g}/s p95 is 900 ms. "
        f"What breaks first: slots: all of them are taken, the CPU at {cpu:.0%}."
    )


def test_a_generator_at_its_own_limit_ends_it() -> None:
    held = Held(3, 6, bound_rps=100)
    held.steps = [Step(25, analysis(25, 100)), Step(35, analysis(35, 100), void="Locust is the limit.")]
    assert next_rate(held) is None
    assert told(held, OPTIONS).endswith("no rate that surely breaks it was found: Locust is the limit.")


def test_one_that_was_stopped_says_what_it_has_seen() -> None:
    held = Held(3, 6, [Step(122, analysis(122, 114)), Step(171, analysis(171, 374), "p95 is 374 ms")], 180.0)
    held.error = "stopped by Ctrl-C"
    assert told(held, OPTIONS) == (
        "3 × 6 on B1 holds 122 arrivals/s within p95 ≤ 300 ms (p95 114 ms); at 171/s p95 is 374 ms, in one run; no "
        "rate that surely breaks it was found: stopped by Ctrl-C."
    )


def test_few_requests_are_said() -> None:
    held = found(breaks_at(170))
    few = [dataclasses.replace(step.analysis, load=dataclasses.replace(step.analysis.load, requests=80))
           for step in held.steps if step.analysis]  # fmt: skip
    held.steps = [Step(step.rps, one, step.broken) for step, one in zip(held.steps, few, strict=True)]
    assert "one of 80 requests, which is few: --seconds" in told(held, OPTIONS)


@pytest.mark.parametrize(
    ("given", "run", "broken"),
    [
        ({"max_p95": 300.0}, analysis(40, 299), ""),
        ({"max_p95": 300.0}, analysis(40, 301), "p95 is 301 ms"),
        ({"max_p95": 300.0}, analysis(40, 100, failed=0.5), ""),
        ({"max_fail_ratio": 0.01}, analysis(40, 9000, failed=0.01), ""),
        ({"max_fail_ratio": 0.01}, analysis(40, 100, failed=0.02), "2.00% of the requests fail"),
        ({"max_fail_ratio": 0.01}, analysis(40, 100, served=0.8), "it serves 32 of 40 requests/s"),
        (
            {"max_p95": 300.0, "max_fail_ratio": 0.01},
            analysis(40, 500, failed=0.1),
            "p95 is 500 ms, 10.00% of the requests fail",
        ),
    ],
)
def test_what_breaks_a_limit(given: dict[str, float], run: Analysis, broken: str) -> None:
    assert judged(40, run, None, None, Options.of(**given)).broken == broken


def test_a_run_without_figures_breaks_it() -> None:
    step = judged(40, None, "gunicorn ended with status 3\nits log", None, OPTIONS)
    assert (step.broken, step.holds) == ("gunicorn ended with status 3", False)


def test_the_bound_is_that_of_a_request_alone() -> None:
    alone = samples.analysis(1, 1, users=1, app_s=0.1, cpu_s=0.001)
    assert bound_of(alone, Setting(3, 6), 1) == pytest.approx(180)
    assert bound_of(samples.analysis(1, 1, users=1, app_s=0.1, cpu_s=0.02), Setting(3, 6), 1) == pytest.approx(50)
    assert bound_of(None, Setting(3, 6), 1) is None
