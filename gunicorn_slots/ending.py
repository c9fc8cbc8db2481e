# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""How a worker ends, and what it still serves when it is told to, or has lost its arbiter: the kernel's queues."""

from __future__ import annotations

import os
import queue
import signal
import sys
import time
from typing import Any

from gunicorn.workers import gthread

from gunicorn_slots.sockets import queued


class LastOnes:
    """The connections that wait when the worker ends: their clients have sent their requests.

    Attributes:
        told: whether the worker was told to end; one that ends by itself leaves them to the others.
        left: by listener, how many it still takes.
        until: by time.monotonic(), when it stops taking them.
    """

    def __init__(self, worker: Any) -> None:
        self.worker = worker
        self.told = False
        self.left: dict[Any, int] = {}
        self.until = 0.0

    def begin(self, deadline: float) -> None:
        """Count them, and take the first."""
        worker = self.worker
        if self.told or os.getppid() != worker.ppid:
            self.left = {listener: queued(listener, worker.cfg.backlog) for listener in worker.sockets}
            self.until = deadline
            self.take(time.monotonic())

    def take(self, now: float) -> None:
        """Take as many as there are free threads."""
        worker = self.worker
        while self.left and now < self.until and worker.stops and worker.free and worker.take_handed():
            pass
        for listener in self.left:
            while self.left[listener] and now < self.until and worker.free:
                self.left[listener] = self.left[listener] - 1 if worker.accept(listener) else 0


class EndingWorker(gthread.ThreadWorker):  # type: ignore[misc] # gunicorn ships no types
    """gthread, but each request under way is answered, as long as it doesn't hang and the end has not lasted too long.

    gunicorn looks after them for graceful_timeout. Then it only waits for their threads: without a sign of life to the
    arbiter, which kills the worker after `timeout`, and for ever if one hangs.
    """

    last_ones: LastOnes
    signals_of_arbiter: Any = queue.SimpleQueue()  # once forked, a copy of the arbiter's

    def init_signals(self) -> None:
        super().init_signals()
        # Until now the arbiter's handlers were those of this process, too, and it may have been told meanwhile.
        while not self.signals_of_arbiter.empty():
            sig = self.signals_of_arbiter.get()
            if sig == signal.SIGTERM:
                self.handle_exit(sig, None)
            elif sig in (signal.SIGINT, signal.SIGQUIT):
                self.handle_quit(sig, None)

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.last_ones.told = True
        super().handle_exit(sig, frame)

    def run(self) -> None:
        try:
            super().run()
        finally:  # SIGQUIT, too, waits for no thread
            self.watch.leave_threads_behind()
            self.sparing.say(time.monotonic(), at_once=True)

    def _cap_keepalive(self, deadline: float) -> None:
        """Called by a worker that ends, before it waits for its connections."""
        super()._cap_keepalive(deadline)
        # Until none is left but those that were given up, or cut.
        self.cfg.set("graceful_timeout", sys.maxsize)
        self.draining.begin()
        self.last_ones.begin(deadline)
        # A client that is aside may be about to speak, but not for long.
        self.parked.cap(deadline)
        self.shaking.cap(deadline)
        self.kept.leave(time.monotonic())
