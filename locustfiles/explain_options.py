"""What the analysis adds to Locust's command line, and one line for a bad value.

Each option has a variable, too. An empty value means the same as none: that is how Compose and CI systems hand on what
nobody has set.
"""

from __future__ import annotations

import argparse
import difflib
import math
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

Value = TypeVar("Value")
Add = Callable[..., None]
CHECKS = ("RPS", "FAIL_RATIO", "AVG_RESPONSE_TIME", "PERCENTILE", "AGAINST", "TOLERANCE")
EXPLANATION = "Where requests wait, and whether the run is good enough"


def add_options(parser: Any, **_others: Any) -> None:
    """Add the options to Locust's command line."""
    check_variables(os.environ)
    add = shared_add(parser, parser.add_argument_group("Explanation", EXPLANATION))
    add_targets(add)
    add(
        "--reports",
        metavar="FOLDER",
        env_var="LOCUST_REPORTS",
        help="Keep each run in a folder of its own in here; off keeps none",
    )
    add(
        "--print-tally",
        nargs="?",
        const=True,
        type=unless_empty(switch),
        metavar="true",
        env_var="LOCUST_PRINT_TALLY",
        help="Print all that was counted as one line at the end, for explain_merge.py",
    )


def add_targets(add: Add) -> None:
    """Add what to do with an analysis, and what the run has to reach."""
    add(
        "--analysis-json",
        metavar="FILE",
        env_var="LOCUST_ANALYSIS_JSON",
        help="Write the analysis of the run to this file at the end",
    )
    add(
        "--app-memory",
        type=unless_empty(memory_mb),
        metavar="SIZE",
        env_var="APP_MEMORY",
        help="Memory that the plan has for the app, for instance 512m; no setting beyond it is suggested",
    )
    add(
        "--check-rps",
        type=unless_empty(at_least_zero("requests per second")),
        metavar="RATE",
        env_var="LOCUST_CHECK_RPS",
        help="Exit with code 3 if there were fewer requests per second than this",
    )
    add(
        "--check-fail-ratio",
        type=unless_empty(fail_ratio),
        metavar="RATIO",
        env_var="LOCUST_CHECK_FAIL_RATIO",
        help="Exit with code 3 if more than this share of the requests failed, for instance 0.01",
    )
    add(
        "--check-avg-response-time",
        type=unless_empty(at_least_zero("milliseconds")),
        metavar="MS",
        env_var="LOCUST_CHECK_AVG_RESPONSE_TIME",
        help="Exit with code 3 if the mean response time was longer than this, in ms",
    )
    add(
        "--check-percentile",
        type=unless_empty(percentile),
        metavar="P:MS",
        env_var="LOCUST_CHECK_PERCENTILE",
        help="Exit with code 3 if a percentile of the response time was longer than this, for instance 95:250",
    )
    add(
        "--check-against",
        metavar="FILE",
        env_var="LOCUST_CHECK_AGAINST",
        help="Exit with code 3 if the run is worse than an earlier one, by more than chance and --check-tolerance: its "
        "analysis.json, or its folder",
    )
    add(
        "--check-tolerance",
        type=unless_empty(share),
        metavar="SHARE",
        env_var="LOCUST_CHECK_TOLERANCE",
        help="By which share it may be worse than chance explains; 0.1 if none is given",
    )


def check_variables(environ: Mapping[str, str]) -> None:
    """End with one line if a variable looks like a threshold's and is none, as nothing would be checked."""
    names = [f"LOCUST_CHECK_{name}" for name in CHECKS]
    for variable in sorted(environ):
        if variable.startswith("LOCUST_CHECK_") and variable not in names:
            # Without what all of them begin with, by which any two would be alike.
            near = difflib.get_close_matches(variable.removeprefix("LOCUST_CHECK_"), CHECKS, n=1)
            hint = f"did you mean LOCUST_CHECK_{near[0]}?" if near else f"expected one of {', '.join(names)}"
            sys.exit(f"{variable}={environ[variable]}: there is no such variable: {hint}")


def shared_add(parser: Any, group: Any) -> Add:
    """Return what adds an option to a group of a parser, or shares the one of that name which is there already.

    locust-plugins, which Locust imports by itself, has some of ours.
    """
    known = set(parser._option_string_actions)  # argparse has no public way to ask

    def add(option: str, **how: Any) -> None:
        if option not in known:
            group.add_argument(option, **how)

    return add


def unless_empty(parse: Callable[[str], Value]) -> Callable[[str], Value | None]:
    """Return a parser that takes an empty text for no value, and leaves any other one to `parse`."""
    return lambda text: parse(text) if text else None


def switch(text: str) -> bool:
    """Parse a switch as Locust writes its own."""
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r}: expected true or false")
    return text.lower() == "true"


def memory_mb(text: str) -> float | None:
    """Parse a size as Docker writes it (`512m`, `1.75g`, bytes without a unit) into MB (1024² bytes); 0 is no limit."""
    match = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)([bkmg]?)b?", text.strip().lower())
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a size such as 512m or 1.75g")
    return float(match[1]) * {"": 2**-20, "b": 2**-20, "k": 2**-10, "m": 1, "g": 2**10}[match[2]] or None


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


def share(text: str) -> float:
    """Parse a share, which may be above 1."""
    value = number(text)
    if math.isnan(value):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a share of 0 or more, for instance 0.1 for 10 %")
    return value


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


def check_file(name: str) -> str | None:
    """Return one line on why a file cannot be written, None if it can."""
    path = Path(name)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        return f"--analysis-json {name}: expected a file that can be written, in a folder that is there"
    return None
