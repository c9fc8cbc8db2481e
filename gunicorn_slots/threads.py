# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""The threads that serve a worker's connections."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any


class Threads:
    """A pool of threads without the futures of gunicorn's, which cost more than the rest of the way to a thread."""

    def __init__(self, most: int, work: Callable[[Any], bool]) -> None:
        """Start no thread yet.

        Args:
            most: how many there may be.
            work: what each does with a connection; it must not raise. The thread ends if it returns False.
        """
        self.most, self.work = most, work
        self.waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.started = 0

    def submit(self, conn: Any) -> None:
        """Have a connection served."""
        self.waiting.put(conn)
        if self.started < self.most:
            self.started += 1
            threading.Thread(target=self.run, daemon=True).start()

    def run(self) -> None:
        while (conn := self.waiting.get()) is not None:
            if not self.work(conn):
                return
            del conn  # else it would live until the next one

    def replace_one(self) -> None:
        """Have another thread in the place of one that hangs, and that ends by itself if it ever goes on."""
        self.most += 1

    def shutdown(self, wait: bool = False, cancel_futures: bool = False) -> None:
        """Let each thread end after what it serves now; gunicorn calls this as it does with its own pool."""
        for _ in range(self.started):
            self.waiting.put(None)
