# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""Warnings that any client can cause: the first ones, then how many more there were, once a minute."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

# How the messages begin: gunicorn's own of a bad request, and ours of a request that was given up.
KINDS = ("Invalid request from ip=", "Gave up on ")
FIRST = 10  # so many are written before the others are counted, and again after a minute without one
SECONDS = 60


class Sparing(logging.Filter):
    """Keeps a log short, however many bad requests come.

    Attributes:
        written: by kind, how many were written since the last quiet minute.
        counted: by kind, how many were not, since the log last said so.
        said_at: when it last did, by time.monotonic().
    """

    def __init__(self) -> None:
        super().__init__()
        self.log: Any = logging.getLogger(__name__)
        self.lock = threading.Lock()
        self.written, self.counted = dict.fromkeys(KINDS, 0), dict.fromkeys(KINDS, 0)
        self.said_at = time.monotonic()

    def begin(self, log: Any) -> None:
        """Look after gunicorn's log, in a worker's process; somebody's own logger class may have none for errors."""
        self.log, self.said_at = log, time.monotonic()
        if errors := getattr(log, "error_log", None):
            errors.addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Called with each line, in any thread."""
        kind = next(
            (kind for kind in KINDS if record.levelno == logging.WARNING and str(record.msg).startswith(kind)), None
        )
        if kind is None:
            return True
        with self.lock:
            full = self.written[kind] >= FIRST
            (self.counted if full else self.written)[kind] += 1
        return not full

    def say(self, now: float, at_once: bool = False) -> None:
        """Write the counts, once a minute, or at once at the end."""
        if not at_once and now - self.said_at < SECONDS:
            return
        seconds, self.said_at = now - self.said_at, now
        with self.lock:
            counts, self.counted = self.counted, dict.fromkeys(KINDS, 0)
            self.written = {kind: self.written[kind] if counts[kind] else 0 for kind in KINDS}
        for kind, number in counts.items():
            if number:
                self.log.warning("%s more in %.0f s like: %s…", number, seconds, kind)
