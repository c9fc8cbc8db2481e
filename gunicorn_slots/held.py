# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""For how long a worker's slots have been held so far: its growth over a time is the number of busy slots."""

from __future__ import annotations

import threading
import time
from typing import Any


class HeldTime:
    """Slot-seconds up to now, those of requests that have not ended included, so that streams and hangs count, too."""

    def __init__(self) -> None:
        self.changing = threading.Lock()
        # One tuple, so that a thread that reads it sees all of it: seconds until then, held since then, then, requests.
        self.state = (0.0, 0, time.monotonic(), 0)

    def begin(self) -> None:
        """A slot is taken."""
        self.change(1)

    def end(self) -> None:
        """A slot is free again."""
        self.change(-1)

    def change(self, by: int) -> None:
        with self.changing:
            seconds, held, since, requests = self.state
            now = time.monotonic()
            self.state = (seconds + held * (now - since), held + by, now, requests + (by > 0))

    def read(self, now: float) -> tuple[float, int]:
        """Return the slot-seconds until `now`, by time.monotonic(), and how many requests have got a slot."""
        seconds, held, since, requests = self.state
        return seconds + held * max(0.0, now - since), requests


def follow_hooks(worker: Any) -> HeldTime:
    """Count the slots of one of gunicorn's own workers, by its hooks around a request."""
    held, cfg = HeldTime(), worker.cfg
    before, after = cfg.pre_request, cfg.post_request

    def pre_request(worker: Any, req: Any) -> None:
        held.begin()
        before(worker, req)

    def post_request(worker: Any, req: Any, environ: Any, resp: Any) -> None:
        held.end()
        after(worker, req, environ, resp)

    cfg.set("pre_request", pre_request)
    cfg.set("post_request", post_request)
    return held
