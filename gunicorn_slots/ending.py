# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""What a worker still serves when it is told to end, or has lost its arbiter: what waits in the kernel's queues."""

from __future__ import annotations

import os
import time
from typing import Any

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
        for listener in self.left:
            while self.left[listener] and now < self.until and worker.nr_conns < worker.worker_connections:
                self.left[listener] = self.left[listener] - 1 if worker.accept(listener) else 0
