"""Thresholds for a run: a line for each, whether it is met, and exit code 3 if one is missed.

The first three have the names that locust-plugins made known. They look at all that Locust counts from the end of the
first ramp to the end of the test, failed requests included, whatever their responses say, and whatever the number of
users does meanwhile. If a share of failures was given, it decides alone whether failures make the run fail.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from explain_options import at_least_zero, fail_ratio, percentile, share
from explain_totals import Totals

EXIT_CODE = 3
PARSERS: dict[str, Callable[[str], Any]] = {
    "check_rps": at_least_zero("requests per second"),
    "check_fail_ratio": fail_ratio,
    "check_avg_response_time": at_least_zero("milliseconds"),
    "check_percentile": percentile,
    "check_tolerance": share,
}


@dataclass(frozen=True)
class Check:
    """What came of a threshold: a line, and whether it is met."""

    line: str
    met: bool


def checked(options: Any, total: Totals, seconds: float) -> list[Check]:
    """Return what came of each threshold that was given.

    Args:
        options: Locust's parsed options.
        total: the requests after the first ramp.
        seconds: how long they took.
    """
    rate = total.requests / seconds if seconds > 0 else 0.0
    found = []

    def check(name: str, limit: float, figure: float | None, least: bool, unit: str) -> None:
        if figure is None:
            found.append(Check(f"{name} {limit:g}{unit}: missed, as no request has ended after the ramp", False))
            return
        met = figure >= limit if least else figure <= limit
        found.append(Check(f"{name} {limit:g}{unit}: {'met' if met else 'missed'} with {figure:.4g}{unit}", met))

    def limit(name: str) -> Any:
        try:
            return given(options, name)
        except argparse.ArgumentTypeError as error:
            found.append(Check(f"--{name.replace('_', '-')}: missed: {error}", False))
            return None

    if (least := limit("check_rps")) is not None:
        check("--check-rps", least, rate, True, "")
    if (most := limit("check_fail_ratio")) is not None:
        ratio = total.failures / total.requests if total.requests else None
        check("--check-fail-ratio", most, ratio, False, "")
    if (most := limit("check_avg_response_time")) is not None:
        check("--check-avg-response-time", most, total.response.mean, False, " ms")
    if (text := limit("check_percentile")) is not None:
        percent, _, most = text.partition(":")
        figure = total.response.percentile(float(percent))
        check(f"--check-percentile {percent}:", float(most), figure, False, " ms")
    return found


def given(options: Any, name: str) -> Any:
    """Return an option's value; None without one. The web UI's form has each as a text, empty where nothing was typed.

    Raises:
        argparse.ArgumentTypeError: the text is none that the command line would take.
    """
    value = getattr(options, name, None)
    return (PARSERS[name](value) if value else None) if isinstance(value, str) else value


def missed(checks: Iterable[Check]) -> bool:
    """Whether a threshold was missed."""
    return not all(check.met for check in checks)


def decides(options: Any) -> bool:
    """Whether the run's status follows from how many requests failed, and not from whether one did."""
    return getattr(options, "check_fail_ratio", None) not in (None, "")
