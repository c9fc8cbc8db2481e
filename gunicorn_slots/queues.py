# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""Which of the queues that all workers share this worker's poller watches: it is told of them while slots are free."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from gunicorn_slots.poller import READ


class Queues:
    """The listeners' queues, and that of what is handed over.

    The main loop watches each, until something comes and no slot is free. From then on the threads look into it, each
    before it gives its slot back, until one finds nothing. So nobody asks the kernel in vain for each request.

    Attributes:
        watched: those that the poller watches.
        known: those in which something is known to wait.
    """

    def __init__(self, worker: Any) -> None:
        self.worker = worker
        self.wanted: set[Any] = set()
        self.watched: set[Any] = set()
        self.known: set[Any] = set()
        self.changing = threading.Lock()

    def look(self, queues: Iterable[Any], wanted: bool) -> None:
        """Look into some from now on, or no more."""
        with self.changing:
            for queue in queues:
                (self.wanted.add if wanted else self.wanted.discard)(queue)
                if not wanted:
                    self.known.discard(queue)
                self.change(queue)

    def leave_to_threads(self, queue: Any) -> None:
        """Note that something waits there for a slot."""
        with self.changing:
            if queue in self.wanted:
                self.known.add(queue)
            self.change(queue)

    def found_empty(self, queue: Any) -> None:
        """Note that nothing waits there."""
        with self.changing:
            self.known.discard(queue)
            self.change(queue)

    def change(self, queue: Any) -> None:
        """Have the poller watch it, or no more, whichever is due."""
        due = queue in self.wanted and queue not in self.known
        if due and queue not in self.watched:
            queue.setblocking(False)
            self.watched.add(queue)
            self.worker.poller.register(queue, READ, self.worker.on_queue)
        elif not due and queue in self.watched:
            self.watched.discard(queue)
            self.worker.poller.unregister(queue)
