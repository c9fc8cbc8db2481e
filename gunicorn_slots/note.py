# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""A note for others about a start that failed, in the file that SLOT_START_NOTE names: they may not see this log."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping

VARIABLE = "SLOT_START_NOTE"


def write(text: str, environ: Mapping[str, str] = os.environ) -> None:
    """Leave a note in place of the one before."""
    if path := environ.get(VARIABLE, "").strip():
        # Whoever would read it does without where it cannot be written.
        with contextlib.suppress(OSError), open(path, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)


def clear(environ: Mapping[str, str] = os.environ) -> None:
    """Take the note of an earlier start away."""
    if path := environ.get(VARIABLE, "").strip():
        with contextlib.suppress(OSError):
            os.unlink(path)
