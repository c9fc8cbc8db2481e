# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""What gunicorn's main loop believes of a worker's connections: it has numbers of its own, which are not kept here."""

from __future__ import annotations

import sys
from collections import deque
from typing import Any

from gunicorn.workers import gthread

from gunicorn_slots.aside import Aside
from gunicorn_slots.kept import Kept


class CountedWorker(gthread.ThreadWorker):  # type: ignore[misc] # gunicorn ships no types
    """gthread, but its numbers follow from where its connections are.

    Attributes: see `FreeSlotsWorker`.
    """

    _accepting: bool
    aside: tuple[Aside, ...]
    kept: Kept
    free: deque[None]
    pending: deque[Any]
    ahead: deque[Any]

    @property
    def nr_conns(self) -> int:
        """How many connections there are; a worker that ends waits for them."""
        # Busy slots first, as a connection is set aside before its slot is given back.
        busy = int(self.cfg.threads) - len(self.free)
        return busy + sum(map(len, self.aside)) + len(self.pending) + len(self.ahead)

    @nr_conns.setter
    def nr_conns(self, value: int) -> None:
        pass  # gunicorn counts them, too

    @property
    def worker_connections(self) -> int:
        """How many there may be: such that gunicorn's main loop leaves the listeners as they are."""
        return sys.maxsize if self._accepting else 0

    @worker_connections.setter
    def worker_connections(self, value: int) -> None:
        pass  # gthread's constructor sets it from the configuration

    @property
    def max_keepalived(self) -> int:
        """Whether a response may say that its connection is kept: gunicorn's own list of them stays empty."""
        return 0 if self.kept.is_full else 1

    @max_keepalived.setter
    def max_keepalived(self, value: int) -> None:
        pass  # as above
