"""How many users a test was to have, and how many of them were left."""

from __future__ import annotations

from typing import NamedTuple


class Turnout(NamedTuple):
    """What is known of a test's users themselves; None where nobody knows.

    Attributes:
        asked: how many there were to be at last.
        left: how many of these there were when the test ended, or are there now.
        before: how many requests ended between the first ramp and the window's start.
        shape: the LoadTestShape that says how many there are; "" without one.
    """

    asked: int | None = None
    left: int | None = None
    before: int = 0
    shape: str = ""


UNKNOWN = Turnout()
