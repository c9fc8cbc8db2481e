"""Waiting for what is going to happen, instead of for the clock."""

from __future__ import annotations

import contextlib
import time
import urllib.request
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


def wait_for_200(url: str, seconds: float = 20) -> None:
    """Wait until an address answers.

    Raises:
        TimeoutError: it did not.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"{url} did not answer within {seconds:g} s")
