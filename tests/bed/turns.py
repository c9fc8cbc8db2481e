"""Whose turn it is, where several processes share the tests: a test that measures runs alone."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

# The same in all processes of a run, and nothing where there is but one.
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID")


@contextlib.contextmanager
def turn(alone: bool) -> Iterator[None]:
    """Wait until nobody else runs a test, or until nobody runs one that must be alone; keep it so in the block."""
    if not RUN:
        yield
        return
    with (Path(tempfile.gettempdir()) / f"tests-{RUN}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
