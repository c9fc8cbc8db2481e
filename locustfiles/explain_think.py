"""A pause between requests that can be set for a whole test: `--pause`, LOCUST_PAUSE, or the field in the web UI.

A scenario takes it with `wait_time = think`. By default its users make no pause, or the one that their class has as
`pause`.
"""

from __future__ import annotations

import argparse
import logging
import random
import re
from functools import lru_cache
from typing import Any

from locust import events

from explain_options import shared_add, unless_empty

logger = logging.getLogger("locust.explain")
PAUSE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(?:-([0-9]{1,6}(?:\.[0-9]{1,6})?))?")


@lru_cache(maxsize=64)
def seconds_of(text: str) -> tuple[float, float]:
    """Return the shortest and the longest pause of `2` or `1-3`, in s.

    Raises:
        ValueError: it is neither.
    """
    match = PAUSE.fullmatch(text.strip())
    least, most = (float(match[1]), float(match[2] or match[1])) if match else (1.0, 0.0)
    if least > most:
        raise ValueError(f"{text!r}: expected seconds, for instance 2, or from the shortest to the longest, 1-3")
    return least, most


def checked(text: str) -> str:
    """Return a pause as it is, as the value travels to worker processes and to the web UI."""
    try:
        seconds_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def think(user: Any) -> float:
    """Return a user's next pause, in s; use it as wait_time."""
    least, most = seconds_of(getattr(user.environment.parsed_options, "pause", None) or getattr(user, "pause", "0"))
    return random.uniform(least, most)  # noqa: S311 no secret


def add_pause(parser: Any, **_others: Any) -> None:
    """Add the option, and so the field in the web UI."""
    shared_add(parser, parser)(
        "--pause",
        type=unless_empty(checked),
        metavar="SECONDS",
        env_var="LOCUST_PAUSE",
        help="How long a user reads between two requests: for instance 0, 2, or 1-3; the scenario's own if empty",
    )


def check_field(environment: Any, **_others: Any) -> None:
    """Take a pause that nobody can read, from the web UI's field, for none that was given."""
    options = environment.parsed_options
    try:
        seconds_of(getattr(options, "pause", None) or "0")
    except ValueError as error:
        logger.error(f"--pause: {error}")
        options.pause = None


# Locust runs a directory's files as scenarios, this one too, after a scenario may have imported it already.
hooks: Any = events  # Locust leaves them untyped
if not hasattr(hooks, "explain_thinks"):
    hooks.explain_thinks = True
    hooks.init_command_line_parser.add_listener(add_pause)
    hooks.test_start.add_listener(check_field)
