"""Waiting in tests for what is going to happen, instead of for the clock."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any


def wait_for(condition: Callable[[], Any], seconds: float = 15.0, what: str = "what the test waits for") -> Any:
    """Return the first true value of `condition()`; what it cannot reach or read yet is not one.

    Raises:
        TimeoutError: there was none in that time.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError, KeyError):
            if value := condition():
                return value
        time.sleep(0.05)
    raise TimeoutError(f"{what}: not within {seconds:g} s")
