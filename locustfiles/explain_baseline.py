"""`--check-against`: whether a run is worse than an earlier one, by more than chance and a tolerance.

Three figures: the requests that are served in a second, the 95th percentile of the response time, the share of the
failures. Each run knows between which values another window of its own would have them (explain_spread). Only what lies
beyond the tolerance even if both runs had bad luck is a miss: the best that this run may stand for is held against the
worst that the earlier one may stand for.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from explain_thresholds import Check, given
from explain_types import SCHEMA, Analysis
from explain_words import figure

OPTION = "--check-against"
TOLERANCE = 0.1  # two runs of one setting differ by that much on a machine with other things to do
# Percentiles of a few ms are made of a scheduler's slices, and Locust's own clock.
LEAST_MS = 2.0
SIGMAS = 2.0
# With these the figures are not the app's.
NO_VERDICT = ("generator", "mixed-up")


class BadBaselineError(Exception):
    """A baseline that cannot be used: one line."""


@dataclass(frozen=True)
class Sample:
    """What a run says of a setting: each figure, and between which values another run like it would have it."""

    served: tuple[float, float, float]
    p95_ms: tuple[float, float, float] | None
    failures: int
    requests: int


@dataclass(frozen=True)
class Baseline:
    """An earlier run.

    Attributes:
        name: as it was given.
        analysis: its analysis.
        folder: where it is.
        scenario: what its users did; None where nothing beside the analysis says so.
    """

    name: str
    analysis: dict[str, Any]
    folder: Path
    scenario: str | None = None


def read(name: str, path: Path) -> Baseline:
    """Return an earlier run.

    Args:
        name: as it was given.
        path: its analysis.json, or the folder.

    Raises:
        BadBaselineError: it is none that can be compared with.
    """
    file = path / "analysis.json" if path.is_dir() else path
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not JSON"
        raise BadBaselineError(f"{OPTION} {name}: expected the analysis.json of an earlier run ({reason})") from None
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA:
        raise BadBaselineError(f"{OPTION} {name}: schema={schema!r}: expected {SCHEMA}, as this version writes it")
    baseline = Baseline(name, found, file.parent, scenario_beside(file))
    try:
        sample(found)
        described(found)
        unusable(found)
        not_comparable(baseline, found, None)
        number(found["load"]["users"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadBaselineError(f"{OPTION} {name}: expected an analysis as a run writes it ({error})") from None
    return baseline


def scenario_beside(file: Path) -> str | None:
    """Return what a kept run's users did."""
    try:
        found = json.loads((file.parent / "run.json").read_text(encoding="utf-8"))["scenario"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def checked(baseline: Baseline, analysis: Analysis, scenario: str | None = None, options: Any = None) -> list[Check]:
    """Return what comes of holding a run against an earlier one.

    Args:
        baseline: the earlier one.
        analysis: this run's.
        scenario: what its users did, where that is known.
        options: Locust's; they say by which share it may be worse than chance explains.
    """
    name, before, after = baseline.name, baseline.analysis, asdict(analysis)
    try:
        asked = given(options, "check_tolerance")
    except argparse.ArgumentTypeError as error:
        return [Check(f"--check-tolerance: missed: {error}", False)]
    tolerance = TOLERANCE if asked is None else asked
    for which, one in (("the baseline", before), ("this run", after)):
        if reason := unusable(one):
            return [Check(f"{OPTION} {name}: missed, as {which} says nothing: {reason}", False)]
    if differs := not_comparable(baseline, after, scenario):
        return [Check(f"{OPTION} {name}: missed, as {differs}", False)]
    was, now = sample(before), sample(after)
    checks = [rate(was, now, tolerance), latency(was, now, tolerance), failing(was, now)]
    found = [Check(f"{OPTION} {name}: {check.line}", check.met) for check in checks if check]
    settings = [described(one) for one in (before, after)]
    if settings[0] != settings[1]:
        line = f"{OPTION} {name}: the baseline had {settings[0]}, this run has {settings[1]}"
        found.insert(0, Check(line, True))
    return found


def not_comparable(baseline: Baseline, after: Mapping[str, Any], scenario: str | None) -> str:
    """Say why two runs measured different things; "" if they did not."""
    runs = (baseline.analysis, after)
    rates = [(found.get("arrivals") or {}).get("asked_rps") for found in runs]
    if rates[0] != rates[1]:
        told = ["users who wait" if rate is None else f"{rate} arrivals/s" for rate in rates]
        return f"the baseline had {told[0]} and this run {told[1]}: expected the same"
    users = [found["load"]["users"] for found in runs]
    if rates[0] is None and users[0] != users[1]:  # arrivals take as many users as they need
        return f"the baseline had {users[0]} users and this run {users[1]}: expected the same number"
    if scenario and baseline.scenario and scenario != baseline.scenario:
        return f"the baseline's scenario is {baseline.scenario!r} and this run's {scenario!r}: expected the same"
    return ""


def unusable(found: Mapping[str, Any]) -> str:
    """Say why a run's figures are no measure of the app; "" if they are."""
    if (code := found["verdict"]["code"]) in NO_VERDICT:
        return f"its verdict is {code}"
    return "" if found["load"]["requests"] else "no request has ended after the ramp"


def sample(found: Mapping[str, Any]) -> Sample:
    """Return the figures of an analysis.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    load, spread = found["load"], found.get("spread") or {}
    requests, failures, rps = (number(load[name]) for name in ("requests", "failures", "rps"))
    well = 1 - failures / requests if requests else 0.0
    p95 = found["response_ms"]["p95"]
    ends = [spread.get(name) for name in ("rps_low", "rps_high", "p95_low_ms", "p95_high_ms")]
    low, high = (rps if end is None else number(end) for end in ends[:2])
    times = [p95 if end is None else end for end in ends[2:]]
    return Sample(
        served=(low * well, rps * well, high * well),
        p95_ms=None if p95 is None else (number(times[0]), number(p95), number(times[1])),
        failures=int(failures),
        requests=int(requests),
    )


def number(value: object) -> float:
    """Return a number of 0 or more."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise ValueError(f"{value!r} is no number of 0 or more")
    return float(value)


def described(found: Mapping[str, Any]) -> str:
    """Return a run's setting in words."""
    setting = found["setting"]
    if setting["workers"] is None:
        return "no known setting"
    size = f"{setting['workers']} × {setting['threads']} ({setting['worker_class']}) on {setting['vcpu']} vCPU"
    instances = setting.get("instances") or 1
    return size if instances == 1 else f"{size} of {instances} instances"


def rate(was: Sample, now: Sample, tolerance: float) -> Check:
    least = was.served[0] * (1 - tolerance)
    met = now.served[2] >= least
    line = f"{told(met, now.served)} requests/s served, {told_before(was.served)} less {tolerance:.0%}"
    return Check(line, met)


def latency(was: Sample, now: Sample, tolerance: float) -> Check | None:
    if was.p95_ms is None or now.p95_ms is None:
        return None
    most = max(was.p95_ms[2] * (1 + tolerance), was.p95_ms[2] + LEAST_MS)
    met = now.p95_ms[0] <= most
    line = f"{told(met, now.p95_ms)} ms of 95th percentile, {told_before(was.p95_ms)} and {tolerance:.0%} more"
    return Check(line, met)


def failing(was: Sample, now: Sample) -> Check:
    met = likely(now)[0] <= likely(was)[1]
    counts = f"{now.failures} of {now.requests} requests failed, against {was.failures} of {was.requests}"
    return Check(f"{'met' if met else 'missed'}: {counts}", met)


def told(met: bool, figures: tuple[float, float, float]) -> str:
    low, middle, high = map(figure, figures)
    return f"{'met' if met else 'missed'} with {middle} ({low} to {high})"


def told_before(figures: tuple[float, float, float]) -> str:
    low, middle, high = map(figure, figures)
    return f"against {middle} ({low} to {high})"


def likely(one: Sample) -> tuple[float, float]:
    """Return between which shares the failures of another such run would lie: Wilson's interval."""
    share, square = one.failures / one.requests, SIGMAS**2 / one.requests
    middle = (share + square / 2) / (1 + square)
    half = math.sqrt(share * (1 - share) * square + square**2 / 4) / (1 + square)
    return max(0.0, middle - half), middle + half
