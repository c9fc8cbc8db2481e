# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""A note for others about a start that failed, in the file that SLOT_START_NOTE names: they may not see this log."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping

VARIABLE = "SLOT_START_NOTE"
MOMENT_SECONDS = 10.0

said: list[str] = []  # what was there when this process began


def write(text: str, environ: Mapping[str, str] = os.environ) -> None:
    """Leave a note in place of the one before."""
    if path := environ.get(VARIABLE, "").strip():
        # Whoever would read it does without where it cannot be written.
        with contextlib.suppress(OSError), open(path, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)


def clear(environ: Mapping[str, str] = os.environ) -> None:
    """Take the note of an earlier start away, and remember it if that was a moment ago."""
    if path := environ.get(VARIABLE, "").strip():
        with contextlib.suppress(OSError), open(path, encoding="utf-8") as file:
            if time.time() - os.fstat(file.fileno()).st_mtime < MOMENT_SECONDS:
                said.append(file.read())
            os.unlink(path)


def was_said(text: str) -> bool:
    """Whether the start a moment ago has left the same note: a container host starts a container anew by itself."""
    return text in said
