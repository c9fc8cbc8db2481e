# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""Threads that let others go first where the CPU is scarce."""

from __future__ import annotations

import time

from gunicorn_slots.hanging import HangWatch
from gunicorn_slots.limits import UNDER_WAY_SECONDS, YIELD_SECONDS


class Yielding:
    """A thread that serves one request after the other holds on to the CPU for a whole time slice.

    What other threads are in the middle of would wait meanwhile. To yield after each request costs a third of a fast
    route's throughput, and now and then next to nothing.

    Attributes:
        watch: what the worker serves.
        yielded: when a thread has last let the others go first, by time.monotonic().
    """

    def __init__(self, watch: HangWatch) -> None:
        self.watch, self.yielded = watch, 0.0

    def let_others_go_first(self) -> None:
        """Give the interpreter to another thread, if a request has been under way for long, and not too often."""
        now = time.monotonic()
        if now - self.yielded >= YIELD_SECONDS and now - self.watch.oldest(now) >= UNDER_WAY_SECONDS:
            self.yielded = now
            time.sleep(0)
