# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""Connections that are kept for their next request: they hold no slot and no thread, and are watched by the poller."""

from __future__ import annotations

import math
import select
import socket
import time
from typing import Any

from gunicorn_slots.aside import Aside
from gunicorn_slots.connection import SlotConnection
from gunicorn_slots.limits import KEPT_MORE_SECONDS, KEPT_MOST, KEPT_SECONDS, PARKED_LEAST_SECONDS, STOP_SECONDS
from gunicorn_slots.sockets import descriptors, first_byte

GONE = getattr(select, "EPOLLRDHUP", 0) | getattr(select, "EPOLLHUP", 0) | getattr(select, "EPOLLERR", 0)


class Kept(Aside):
    """The longest idle comes first.

    The poller watches a connection from its first response to its end, while it is served, too: to have it watched anew
    for each request would cost a system call. It tells once of whatever arrives.

    Attributes:
        most: how many there may be; each takes a file descriptor.
        until: by time.monotonic(), when all of them go, as all of the server stops.
        leaves: whether the worker ends.
    """

    seconds = KEPT_SECONDS

    def __init__(self, worker: Any) -> None:
        super().__init__(worker)
        self.most = max(1, min(KEPT_MOST, descriptors() // 4))
        self.until = math.inf
        self.leaves = False

    def deadline(self) -> float:
        return min(time.monotonic() + self.seconds + KEPT_MORE_SECONDS, self.until)

    @property
    def is_full(self) -> bool:
        """Whether the longest idle would have to go although it may be about to speak; then no more are kept."""
        if len(self.waiting) < self.most:
            return False
        with self.changing:
            first, _ = next(iter(self.waiting.values()), (math.inf, None))
        return self.seconds + KEPT_MORE_SECONDS - (first - time.monotonic()) < PARKED_LEAST_SECONDS

    def add(self, sock: socket.socket, known: SlotConnection) -> bool:
        """Wait for a connection's next request; called by the thread that has served it. False if it cannot be kept."""
        if known.key is None:  # before the main loop knows of it, which may hand it over at once
            try:
                self.worker.poller.keep(known)
                known.may_wait = True
            except (OSError, ValueError):  # the kernel watches no more, or the app has closed it
                return False
        if len(self.waiting) >= self.most:
            self.end_oldest()
        spoke, known.spoke = known.spoke, False  # before others know of it
        with self.changing:
            self.waiting[sock] = (self.deadline(), known)
        # While it was served: the rest of that request, most likely, or the next one.
        if (spoke or known.spoke) and first_byte(sock) is not None and self.take(sock):
            self.worker.came(known)
        return True

    def take(self, sock: socket.socket) -> bool:
        """Wait no more; the poller goes on watching until the connection is closed or handed over."""
        with self.changing:
            return self.waiting.pop(sock, None) is not None

    def has_event(self, conn: SlotConnection, mask: int) -> None:
        """Called by the main loop: something has arrived, or the client has closed."""
        if not self.take(conn.sock):
            conn.spoke = True
            if not self.take(conn.sock):  # it may have been added meanwhile, and found nothing
                return
        spoken = first_byte(conn.sock) if mask & GONE else True
        if spoken is None:  # that was another connection with this number
            self.add(conn.sock, conn)
        elif spoken:
            self.worker.came(conn)
        else:
            conn.close()

    def close(self, sock: socket.socket, known: SlotConnection) -> None:
        if first_byte(sock):  # its next request has come meanwhile
            self.worker.came(known)
        else:
            known.close(graceful=True)

    def leave(self, now: float) -> None:
        """Let the other workers have them all; where all of the server stops, let none stay for long."""
        self.leaves = True
        self.look(now)

    def look(self, now: float) -> None:
        """See to it that those of a worker that ends go; called before any is closed because its time is over."""
        if not self.leaves:
            return
        if not self.worker.stops:
            self.hand_over()
        elif self.until == math.inf:
            self.until = now + STOP_SECONDS
            self.cap(self.until)

    def hand_over(self) -> None:
        """Hand over what there is, as long as there is room."""
        for sock, (_, known) in self.all():
            if self.take(sock) and not self.worker.hand_over(known, time.monotonic(), idle=True):
                if not self.add(sock, known):
                    known.close(graceful=True)
                return
