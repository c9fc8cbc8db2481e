"""A pool of connections in each process, as database drivers have it."""

from __future__ import annotations

import contextlib
import os
import queue
from collections.abc import Iterator

from tests.truth.apps.libpq import Connection


class Pool:
    """Up to so many connections, opened when they are first needed."""

    def __init__(self, size: int, timeout: float | None = None) -> None:
        """Open none yet; who gets none within `timeout` seconds fails with queue.Empty."""
        self.timeout = timeout
        self.free: queue.LifoQueue[Connection | None] = queue.LifoQueue()
        for _ in range(size):
            self.free.put(None)

    @contextlib.contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend a connection for the block."""
        lent = self.free.get(timeout=self.timeout)
        try:
            lent = lent or Connection(os.environ["DATABASE"])
            yield lent
        finally:
            self.free.put(lent)
