"""Thresholds for a run: exit code 3 and one line for each that is missed.

The first three have the names that locust-plugins made known. They look at the requests after the ramp, failed ones
included, whether or not the responses have the Server-Timing header.
"""

from __future__ import annotations

from typing import Any

from explain_tally import Tally

EXIT_CODE = 3


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
