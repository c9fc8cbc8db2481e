"""Which core the app gets and which the load, so that they don't compete."""

from __future__ import annotations

import os


def cores() -> tuple[set[int] | None, set[int] | None]:
    """Return the core for the app and the one for the load; None where the system has only one, or cannot pin."""
    every = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return ({every[0]}, {every[1]}) if len(every) > 1 else (None, None)
