"""Thresholds for a run: exit code 3 and one line for each that is missed.

The first three have the names that locust-plugins made known. They look at all that Locust counts from the end of the
first ramp to the end of the test, failed requests included, whatever their responses say, and whatever the number of
users does meanwhile. If a share of failures was given, it decides alone whether failures make the run fail.
"""

from __future__ import annotations

from typing import Any

from explain_totals import Totals

EXIT_CODE = 3


def missed(options: Any, total: Totals, seconds: float) -> list[str]:
    """Return one line for each threshold that the run missed.

    Args:
        options: Locust's parsed options.
        total: the requests after the first ramp.
        seconds: how long they took.
    """
    rate = total.requests / seconds if seconds > 0 else 0.0
    mean = total.response.mean
    lines = []

    def check(name: str, limit: float, figure: float | None, least: bool, unit: str) -> None:
        if figure is None:
            lines.append(f"{name} {limit:g}{unit}: missed, as no request has ended after the ramp")
        elif figure < limit if least else figure > limit:
            lines.append(f"{name} {limit:g}{unit}: missed with {figure:.4g}{unit}")

    if (limit := getattr(options, "check_rps", None)) is not None:
        check("--check-rps", limit, rate, True, "")
    if (limit := getattr(options, "check_fail_ratio", None)) is not None:
        ratio = total.failures / total.requests if total.requests else None
        check("--check-fail-ratio", limit, ratio, False, "")
    if (limit := getattr(options, "check_avg_response_time", None)) is not None:
        check("--check-avg-response-time", limit, mean, False, " ms")
    if (text := getattr(options, "check_percentile", None)) is not None:
        percent, _, limit = text.partition(":")
        figure = total.response.percentile(float(percent))
        check(f"--check-percentile {percent}:", float(limit), figure, False, " ms")
    return lines


def decides(options: Any) -> bool:
    """Whether the run's status follows from how many requests failed, and not from whether one did."""
    return getattr(options, "check_fail_ratio", None) is not None
