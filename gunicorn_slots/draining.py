# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""What a worker still has to answer when it takes no more connections: SLOT_DRAIN_SECONDS, and then it is cut."""

from __future__ import annotations

import contextlib
import math
import mmap
import os
import signal
import socket
import time
from typing import Any

from gunicorn_slots.connection import described
from gunicorn_slots.limits import CUT_SECONDS, NAMED_MOST, variable
from gunicorn_slots.startup import plural


class Farewell:
    """What a worker and its arbiter tell each other about its end, in memory that both have: made before the fork.

    Attributes:
        said: whether the worker has said that it takes no more connections.
        asked: whether the arbiter wants it to be gone.
    """

    def __init__(self) -> None:
        self.shared = mmap.mmap(-1, 2)

    @property
    def said(self) -> bool:
        return bool(self.shared[0])

    def say(self, arbiter: int) -> None:
        """Say so, in the worker, and wake the arbiter, which would look within a second."""
        self.shared[0] = 1
        if os.getppid() == arbiter:
            with contextlib.suppress(PermissionError):  # it may be another user's
                os.kill(arbiter, signal.SIGCHLD)

    @property
    def asked(self) -> bool:
        return bool(self.shared[1])

    def ask(self) -> None:
        """Want the worker to be gone, in the arbiter."""
        self.shared[1] = 1


class Draining:
    """The last requests of a worker.

    Attributes:
        begun: when it has taken its last connection, by time.monotonic().
        cut: when those that were left have been cut.
    """

    def __init__(self, worker: Any, limit: int) -> None:
        """Look after a worker's end; `limit` in seconds, 0 is none."""
        self.worker, self.limit = worker, limit
        self.begun = self.cut = math.inf

    def begin(self) -> None:
        """Take note of the end."""
        self.begun = time.monotonic()
        self.worker.farewell.say(self.worker.ppid)

    def look(self, now: float) -> None:
        """Cut what has taken too long; called once a second or more often."""
        if now <= self.begun:
            return
        limit, worker = self.limit, f"worker {self.worker.pid}"
        if now < self.cut:
            if limit and now - self.begun >= limit:
                self.end(now, f"{worker} has drained for {limit} s ({variable('drain')}={limit})")
            elif self.worker.farewell.asked:
                self.end(now, f"more workers drain than serve, and {worker} is the first of them")
        elif now - self.cut >= CUT_SECONDS:
            for conn in list(self.worker.watch.serving):
                self.worker.watch.drop(conn, now)

    def end(self, now: float, reason: str) -> None:
        """Cut the connections, so that the threads that write to them end, with all that they clean up."""
        self.cut = now
        serving = list(self.worker.watch.serving.items())  # threads change it
        cut = [f"{described(conn)} after {now - since:.0f} s" for conn, since in serving]
        more = [f"and {len(cut) - NAMED_MOST} more"] if len(cut) > NAMED_MOST else []
        if cut:
            named = ", ".join(cut[:NAMED_MOST] + more)
            self.worker.log.warning("Cut %s, as %s: %s", plural(len(cut), "request"), reason, named)
        for conn, _ in serving:
            with contextlib.suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RDWR)
