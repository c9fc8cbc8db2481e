"""What an earlier kept run of the same load says of this one, on another setting: of what use an advice was.

Only where the records say that both asked the same of the same app. run.json has what was asked, with a fingerprint of
what the users do (explain_fingerprint); the analysis has the users, the plan and the routes. Where that differs, or is
not known, nothing is said. What is beyond chance is what it is for `--check-against` (explain_baseline).
"""

from __future__ import annotations

import argparse
import contextlib
import heapq
import json
import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import explain_baseline
from explain_baseline import LEAST_MS, NO_VERDICT, TOLERANCE, BadBaselineError, Baseline, Sample
from explain_folder import ANALYSIS, INFO, NAME
from explain_places import near
from explain_thresholds import Check, given
from explain_types import Analysis, Before, Change
from explain_words import figure

OLDEST = timedelta(days=1)
MOST = 100  # runs that are looked at, the newest: as many as stay
MOST_BYTES = 2_000_000  # of a file of theirs; with 50 routes and 512 workers an analysis has a tenth
# What a record can be in the hands of others.
FOREIGN = (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, BadBaselineError)
SAME = ("form", "scenario", "host", "fingerprint")  # of run.json
FREE = ("spawn_rate", "run_time")  # options that may differ, as the window begins when all users are there
# With these the figures are not the app's, or leave out those requests that matter.
SILENT = (*NO_VERDICT, "errors", "stuck", "no-data")
ROUTE = 0.05  # from this share on a route is in both runs, if their users do the same
CPU_RATIO, CPU_LEAST_MS = 2.0, 2.0  # a request that costs so much more is another one
LENGTH = 0.1  # by which the windows of arrivals may differ: a queue that grows is longer after a longer one
PRECISE = 0.2  # known worse than to this share, figures can hide a difference that matters


def before(
    place: Path, begun: datetime, asked: Mapping[str, Any], analysis: Analysis, options: Any = None
) -> Before | None:
    """Return what the latest earlier run that is comparable says; None without one.

    Args:
        place: where runs are kept.
        begun: when this one did.
        asked: its run.json.
        analysis: its analysis.
        options: Locust's; they say by which share runs may differ besides chance.
    """
    now, tolerance = asdict(analysis), tolerance_of(options)
    if analysis.setting.workers is None or asked["fingerprint"] is None:
        return None
    for folder in earlier(place, begun, asked):
        with contextlib.suppress(*FOREIGN):
            parsed(folder / ANALYSIS)  # a plain file that is not too large
            was = explain_baseline.read(folder.name, folder / ANALYSIS)
            if comparable(was, now) and has_ended(folder, was.analysis, begun):
                return said(folder, was.analysis, now, tolerance)
    return None


def tolerance_of(options: Any) -> float:
    """Return by which share two runs may differ besides chance."""
    try:
        asked = given(options, "check_tolerance")
    except argparse.ArgumentTypeError:
        asked = None
    return TOLERANCE if asked is None else asked


# --- which run -------------------------------------------------------------------------------------


def earlier(place: Path, begun: datetime, asked: Mapping[str, Any]) -> list[Path]:
    """Return the runs of which the same was asked within a day, the latest first."""
    found = []
    for folder in newest(place, begun):
        with contextlib.suppress(*FOREIGN):
            record = parsed(folder / INFO)
            started = datetime.fromisoformat(record["started"])
            if begun - started <= OLDEST and demands(record) == demands(asked):
                found.append((started, folder))
    return [folder for _, folder in sorted(found, reverse=True)]


def newest(place: Path, begun: datetime) -> list[Path]:
    """Return the newest runs' folders by their names, whose clock may be that of another zone."""
    first, last = (f"{day:%Y%m%d}" for day in (begun - 2 * OLDEST, begun + OLDEST))
    try:
        with os.scandir(place) as entries:
            names = [one.name for one in entries if first <= one.name[:8] <= last and NAME.fullmatch(one.name)]
    except OSError:
        return []
    return [place / name for name in heapq.nlargest(MOST, names)]


def parsed(file: Path) -> Any:
    """Return what a run's file holds.

    Raises:
        OSError, ValueError, RecursionError: it is no plain file of JSON, or too large to be ours.
    """
    if file.parent.is_symlink():
        raise ValueError("not a run's own folder")
    told = file.stat()
    if not stat.S_ISREG(told.st_mode) or told.st_size > MOST_BYTES:
        raise ValueError("no file of ours")
    return json.loads(file.read_text(encoding="utf-8"))


def demands(record: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what two runs have in common that asked the same."""
    options = {name: value for name, value in record["options"].items() if name not in FREE}
    return (*(record[name] for name in SAME), options)


def comparable(was: Baseline, now: Mapping[str, Any]) -> bool:
    """Whether two runs differ in their setting, and in nothing else that is known."""
    one, settings = was.analysis, (was.analysis["setting"], now["setting"])
    if any(explain_baseline.unusable(found) or found["verdict"]["code"] in SILENT for found in (one, now)):
        return False
    if explain_baseline.not_comparable(was, now, None) or not same_arrivals(one, now):
        return False
    if settings[1]["vcpu"] is None or any(settings[0][name] != settings[1][name] for name in ("vcpu", "instances")):
        return False
    if all(settings[0][name] == settings[1][name] for name in ("workers", "threads", "worker_class")):
        return False
    return same_failures(*map(explain_baseline.sample, (one, now))) and same_work(one, now)


def same_arrivals(was: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether arrivals, where there are any, came for as long, on as many users."""
    if now["arrivals"]["asked_rps"] is None:
        return True
    lengths = [found["load"]["seconds"] for found in (was, now)]
    users = [found["arrivals"]["max_users"] for found in (was, now)]
    return bool(users[0] == users[1] and abs(lengths[0] - lengths[1]) <= LENGTH * max(lengths))


def same_failures(was: Sample, now: Sample) -> bool:
    """Whether chance explains by how much the failures differ."""
    return explain_baseline.failing(was, now).met and explain_baseline.failing(now, was).met


def same_work(was: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether the routes are the same, and cost about the same: another app, or a mended one, may be at the address."""
    names = [{route["name"] for route in found["routes"]} for found in (was, now)]
    often = [
        {route["name"] for route in found["routes"] if route["requests"] >= ROUTE * found["load"]["requests"]}
        for found in (was, now)
    ]
    low, high = sorted(found["cpu_ms"]["mean"] for found in (was, now))
    alike = bool(high <= CPU_RATIO * low or high - low <= CPU_LEAST_MS)
    return alike and often[0] <= names[1] and often[1] <= names[0]


def has_ended(folder: Path, was: Mapping[str, Any], begun: datetime) -> bool:
    """Whether a run was over when this one began: two at a time share the app."""
    load = was["load"]
    took = timedelta(seconds=load["start_s"] + load["seconds"])
    return datetime.fromisoformat(parsed(folder / INFO)["started"]) + took <= begun


# --- what it says ----------------------------------------------------------------------------------


def said(folder: Path, was: Mapping[str, Any], now: Mapping[str, Any], tolerance: float) -> Before | None:
    """Return what has changed."""
    samples = [explain_baseline.sample(found) for found in (was, now)]
    rates, times = [found["load"]["rps"] for found in (was, now)], [found["response_ms"]["p95"] for found in (was, now)]
    if None in times:
        return None
    names = labels(was["setting"], now["setting"])
    rps_change = p95_change = None
    if spread_known(was) and spread_known(now):
        rps_change = change(explain_baseline.rate, samples, tolerance)
        p95_change = change(explain_baseline.latency, samples, tolerance)
    unchanged = rps_change == p95_change == "same"
    enough = unchanged and larger(was["setting"], now["setting"]) and all(map(precise, samples))
    told = judged(rps_change, p95_change, names[1])
    text = (
        f"Before, at {names[0]} ({near(folder)}): {figure(rates[0])} requests/s, p95 {figure(times[0])} ms. "
        f"At {names[1]} it is {figure(rates[1])}, {figure(times[1])} ms{told and f': {told}'}"
        f"{also(names[0], was['setting'], now['setting']) if enough else ''}."
    )
    return Before(
        run=folder.name,
        setting=names[0],
        now=names[1],
        rps=float(rates[0]),
        p95_ms=float(times[0]),
        rps_change=rps_change,
        p95_change=p95_change,
        does_as_well=enough,
        text=text,
    )


def also(name: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Say that the earlier setting is enough, and what more than one worker is good for besides."""
    alone = was["workers"] == 1 < now["workers"] and (now["instances"] or 1) == 1
    but = ", but a crash or a restart of its one worker stops all" if alone else ""
    return f", so {name} does as well for this load{but}"


def labels(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, str]:
    """Return what the settings are called; with the worker class, in letters that do no harm, where that differs."""

    def label(setting: Mapping[str, Any]) -> str:
        size = f"{int(setting['workers'])} × {int(setting['threads'])}"
        if was["worker_class"] == now["worker_class"]:
            return size
        name = re.sub(r"[^\w.]+", "-", str(setting["worker_class"]))[:40]
        return f"{size} ({name})"

    return label(was), label(now)


def spread_known(found: Mapping[str, Any]) -> bool:
    """Whether a run knows how far chance may reach."""
    spread = found.get("spread") or {}
    return None not in [spread.get(name) for name in ("rps_low", "rps_high", "p95_low_ms", "p95_high_ms")]


def change(rule: Callable[..., Check | None], samples: Sequence[Sample], tolerance: float) -> Change | None:
    """Return what a rule of --check-against says, asked both ways."""
    ways = [rule(*pair, tolerance) for pair in (samples, samples[::-1])]
    met = [way.met for way in ways if way]
    return None if len(met) < len(ways) else "worse" if not met[0] else "same" if met[1] else "better"


def larger(was: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether this setting takes more than the earlier one."""
    return now["workers"] > was["workers"] or (now["slots"] or 0) > (was["slots"] or now["slots"] or 0)


def precise(one: Sample) -> bool:
    """Whether a run knows its figures so well that it would have shown a difference that matters."""
    both = ((one.served, 0.0), (one.p95_ms, LEAST_MS))
    return all(told is not None and told[2] - told[0] <= max(2 * PRECISE * told[1], 2 * least) for told, least in both)


def judged(rps: Change | None, p95: Change | None, now: str) -> str:
    """Return what has become of both figures in words; "" where that is not known."""
    if rps is None or p95 is None:
        return ""
    changes = {"requests/s": rps, "p95": p95}
    if {rps, p95} == {"same"}:
        return "no difference beyond chance"
    if rps == p95:
        return f"{now} is {rps}"
    told = [f"{which} in {name}" for which in ("better", "worse") for name, one in changes.items() if one == which]
    return f"{now} is {', '.join(told)}"
