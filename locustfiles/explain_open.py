"""The load that was asked for, if it is one that does not wait for answers: `--rps`, LOCUST_RPS, or the UI's field.

Without it users wait for their answers, and a slow app gets fewer requests. With it a task begins whenever one is due,
at random moments, as visitors come; users are what carries them, and more are added as needed.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from explain_options import Add, number, unless_empty

MOST_RPS = 1e6
MAX_USERS = 1000  # each takes memory and, while it waits for an answer, a connection


class OpenLoad(NamedTuple):
    """A rate of arrivals.

    Attributes:
        rps: tasks that begin in a second.
        ramp_s: for so long the rate rises from 0.
        max_users: how many may be in a task at a time.
        seed: of the moments; None for others each time.
    """

    rps: float
    ramp_s: float = 0.0
    max_users: int = MAX_USERS
    seed: str | None = None

    def share(self, processes: int, number: int) -> OpenLoad:
        """Return the part of one of several processes, which together are as random as one."""
        users = max(1, self.max_users // processes)
        return OpenLoad(
            self.rps / processes, self.ramp_s, users, None if self.seed is None else f"{self.seed} {number}"
        )


def above_zero(unit: str, most: float) -> Callable[[str], str]:
    """Return a check for numbers above 0. It returns the text, as that travels to worker processes and to the UI."""

    def check(text: str) -> str:
        value = number(text)
        if not 0 < value <= most:
            raise argparse.ArgumentTypeError(f"{text!r}: expected a number of {unit}, above 0 and up to {most:.0f}")
        return text

    return check


def ramp(text: str) -> str:
    """Check a number of seconds."""
    if math.isnan(number(text)):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number of seconds, 0 or more")
    return text


def whole(unit: str, least: int) -> Callable[[str], str]:
    """Return a check for whole numbers."""

    def check(text: str) -> str:
        if not text.isascii() or not text.isdecimal() or len(text) > 9 or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number{unit}, {least} or more")
        return text

    return check


CHECKS: dict[str, Callable[[str], str]] = {
    "rps": above_zero("tasks per second", MOST_RPS),
    "rps_ramp": ramp,
    "max_users": whole(" of users", 1),
    "rps_seed": whole("", 0),
}


def add_open(add: Add) -> None:
    """Add the options, and so the fields in the web UI."""
    add(
        "--rps",
        type=unless_empty(CHECKS["rps"]),
        metavar="RATE",
        env_var="LOCUST_RPS",
        help="Begin so many tasks per second, at random moments, whether or not the app answers; with it no user "
        "pauses between tasks, whatever the scenario says. Empty: users wait for their answers",
    )
    add(
        "--rps-ramp",
        type=unless_empty(CHECKS["rps_ramp"]),
        metavar="SECONDS",
        env_var="LOCUST_RPS_RAMP",
        help="With --rps: let the rate rise from 0 for so long; the figures start when it is reached",
    )
    add(
        "--max-users",
        type=unless_empty(CHECKS["max_users"]),
        metavar="N",
        env_var="LOCUST_MAX_USERS",
        help=f"With --rps: how many users there may be, {MAX_USERS} if empty. As many as --users are there from the "
        "start, and more are added when all of them are in a task",
    )
    add(
        "--rps-seed",
        type=unless_empty(CHECKS["rps_seed"]),
        metavar="N",
        env_var="LOCUST_RPS_SEED",
        help="With --rps: tasks begin at the same moments in each run with the same number",
    )


def open_load(options: Any, say: Callable[[str], None]) -> OpenLoad | None:
    """Return the load that the options ask for; None for one of users who wait.

    Args:
        options: Locust's; from a field of the web UI comes what nobody has checked.
        say: takes a line for each value that cannot be read, which then counts as not given.
    """
    given: dict[str, str | None] = {}
    for name, check in CHECKS.items():
        text = getattr(options, name, None) or None
        try:
            given[name] = check(text) if text else None
        except argparse.ArgumentTypeError as error:
            given[name] = None
            setattr(options, name, None)
            say(f"--{name.replace('_', '-')}: {error}")
    if given["rps"] is None:
        return None
    return OpenLoad(
        float(given["rps"]), float(given["rps_ramp"] or 0.0), int(given["max_users"] or MAX_USERS), given["rps_seed"]
    )
