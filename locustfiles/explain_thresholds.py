"""Thresholds for a run: exit code 3 and one line for each that is missed.

The first three have the names that locust-plugins made known. They look at the requests after the ramp, failed ones
included, whether or not the responses have the Server-Timing header.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import Any

from explain_tally import Tally

EXIT_CODE = 3


def add_options(group: Any) -> None:
    """Add the options to a Locust argument group."""
    group.add_argument(
        "--check-rps",
        type=at_least_zero("requests per second"),
        metavar="RATE",
        env_var="LOCUST_CHECK_RPS",
        help="Exit with code 3 if there were fewer requests per second than this",
    )
    group.add_argument(
        "--check-fail-ratio",
        type=fail_ratio,
        metavar="RATIO",
        env_var="LOCUST_CHECK_FAIL_RATIO",
        help="Exit with code 3 if more than this share of the requests failed, for instance 0.01",
    )
    group.add_argument(
        "--check-avg-response-time",
        type=at_least_zero("milliseconds"),
        metavar="MS",
        env_var="LOCUST_CHECK_AVG_RESPONSE_TIME",
        help="Exit with code 3 if the mean response time was longer than this, in ms",
    )
    group.add_argument(
        "--check-percentile",
        type=percentile,
        metavar="P:MS",
        env_var="LOCUST_CHECK_PERCENTILE",
        help="Exit with code 3 if a percentile of the response time was longer than this, for instance 95:250",
    )


def number(text: str) -> float:
    """Return a finite number of 0 or more, else NaN."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) and value >= 0 else math.nan


def at_least_zero(unit: str) -> Callable[[str], float]:
    """Return a parser for numbers of a unit."""

    def parse(text: str) -> float:
        value = number(text)
        if math.isnan(value):
            raise argparse.ArgumentTypeError(f"{text!r}: expected a number of {unit}, 0 or more")
        return value

    return parse


def fail_ratio(text: str) -> float:
    """Parse a share from 0 to 1."""
    value = number(text)
    if not value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a share from 0 to 1, for instance 0.01")
    return value


def percentile(text: str) -> str:
    """Check `95:250`: the percentile and the ms that it may take. Return the text, as the value travels to workers."""
    percent, colon, limit = text.partition(":")
    if not colon or not 0 < number(percent) <= 100 or math.isnan(number(limit)):
        raise argparse.ArgumentTypeError(f"{text!r}: expected PERCENT:MILLISECONDS, for instance 95:250")
    return text


def missed(options: Any, tally: Tally, seconds: float) -> list[str]:
    """Return one line for each threshold that the run missed.

    Args:
        options: Locust's parsed options.
        tally: the requests after the ramp.
        seconds: how long they took.
    """
    rate = tally.requests / seconds if seconds > 0 else 0.0
    mean = tally.response.mean
    lines = []

    def check(name: str, limit: float, figure: float | None, least: bool, unit: str) -> None:
        if figure is None:
            lines.append(f"{name} {limit:g}{unit}: missed, as no request has ended after the ramp")
        elif figure < limit if least else figure > limit:
            lines.append(f"{name} {limit:g}{unit}: missed with {figure:.4g}{unit}")

    if (limit := getattr(options, "check_rps", None)) is not None:
        check("--check-rps", limit, rate, True, "")
    if (limit := getattr(options, "check_fail_ratio", None)) is not None:
        ratio = tally.failures / tally.requests if tally.requests else None
        check("--check-fail-ratio", limit, ratio, False, "")
    if (limit := getattr(options, "check_avg_response_time", None)) is not None:
        check("--check-avg-response-time", limit, mean, False, " ms")
    if (text := getattr(options, "check_percentile", None)) is not None:
        percent, _, limit = text.partition(":")
        figure = tally.response.percentile(float(percent))
        check(f"--check-percentile {percent}:", float(limit), figure, False, " ms")
    return lines
