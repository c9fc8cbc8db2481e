"""Which core the app gets and which the load, so that they don't compete; one way to keep a program there."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from sweep.measure import launch


def cores() -> tuple[set[int] | None, set[int] | None]:
    """Return the core for the app and the one for the load; None where the system has only one, or cannot pin."""
    every = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return ({every[0]}, {every[1]}) if len(every) > 1 else (None, None)


def pinned(command: Sequence[str], pin: set[int] | None) -> list[str]:
    """Return the command line that runs a program on some cores (None: on all); it dies when this process does."""
    return [sys.executable, "-I", launch.__file__, str(os.getpid()), ",".join(map(str, sorted(pin or ()))), *command]
