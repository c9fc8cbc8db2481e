# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""Connections that hold no slot: parked before their first byte, lingering after their last, watched by the poller."""

from __future__ import annotations

import itertools
import selectors
import socket
import threading
import time
from typing import Any

from gunicorn_slots.connection import SlotConnection
from gunicorn_slots.limits import ASIDE_MOST, LINGER_BYTES, LINGER_SECONDS, PARKED_LEAST_SECONDS, PARKED_SECONDS
from gunicorn_slots.sockets import drain, first_byte, half_close


class Aside:
    """Sockets in the order in which they expire, each with what is known of it.

    Any thread may add one; the main loop watches them. Each counts as one of its worker's connections (`nr_conns`), so
    that a worker that ends waits for them.

    Attributes:
        waiting: by socket, its deadline by time.monotonic() and what is known. Whoever takes one out of it closes it.
    """

    seconds: float  # how long a socket may stay

    def __init__(self, worker: Any) -> None:
        self.worker = worker
        self.waiting: dict[socket.socket, tuple[float, Any]] = {}
        self.changing = threading.Lock()

    def readable(self, sock: socket.socket, known: Any) -> None:
        """Something has arrived, or the peer has closed."""
        raise NotImplementedError

    def close(self, sock: socket.socket, known: Any) -> None:
        """Close one that is watched no more."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.waiting)

    def add(self, sock: socket.socket, known: Any) -> bool:
        """Watch a socket; False if the kernel's limit for what is polled does not allow it."""
        if len(self) >= ASIDE_MOST:
            self.end_oldest()
        with self.changing:  # so that nobody hands over or closes what is just being registered
            try:
                self.worker.poller.register(sock, selectors.EVENT_READ, self.on_readable)
            except OSError:
                return False
            self.waiting[sock] = (self.deadline(), known)
        return True

    def deadline(self) -> float:
        """Return when one that is added now expires."""
        return time.monotonic() + self.seconds

    def all(self) -> list[tuple[socket.socket, tuple[float, Any]]]:
        """Return what waits at this moment, the next to expire first."""
        with self.changing:
            return list(self.waiting.items())

    def on_readable(self, sock: socket.socket) -> None:
        """Called by the poller's dispatcher."""
        found = self.waiting.get(sock)
        if found:  # one that has just gone may have an event in the same batch
            self.readable(sock, found[1])

    def take(self, sock: socket.socket) -> bool:
        """Watch a socket no more; False if somebody else has taken it."""
        with self.changing:
            if self.waiting.pop(sock, None) is None:
                return False
            self.worker.poller.unregister(sock)
        return True

    def end(self, sock: socket.socket, known: Any) -> None:
        """Close one."""
        if self.take(sock):
            self.close(sock, known)

    def end_oldest(self) -> bool:
        """Close the one that would expire next; say whether there was one."""
        with self.changing:
            oldest = next(iter(self.waiting.items()), None)
        if oldest is not None:
            self.end(oldest[0], oldest[1][1])
        return oldest is not None

    def end_expired(self, now: float) -> None:
        """Close those whose deadline has passed."""
        with self.changing:
            expired = list(itertools.takewhile(lambda item: item[1][0] <= now, self.waiting.items()))
        for sock, (_, known) in expired:
            self.end(sock, known)

    def cap(self, deadline: float) -> None:
        """Let none stay longer than this."""
        with self.changing:
            self.waiting = {sock: (min(until, deadline), known) for sock, (until, known) in self.waiting.items()}


class Parked(Aside):
    """Connections without a byte so far; they may be about to speak.

    gthread spends a thread on one for up to 5 s. Here the kernel keeps it (TCP_DEFER_ACCEPT), and after that the
    poller. Without that option (a Unix socket, another system than Linux) every connection may be parked until its
    first byte; one that then finds all threads busy is handed over.
    """

    seconds = PARKED_SECONDS

    def readable(self, sock: socket.socket, known: SlotConnection) -> None:
        if self.take(sock):
            self.worker.came(known)

    def close(self, sock: socket.socket, known: SlotConnection) -> None:
        if first_byte(sock):  # it has spoken meanwhile
            self.worker.came(known)
        else:
            known.close()

    @property
    def keeps_all(self) -> bool:
        """Whether there is no room, and even the oldest may not go yet."""
        if len(self) < ASIDE_MOST:
            return False
        oldest_until = self.all()[0][1][0]
        return oldest_until - time.monotonic() > self.seconds - PARKED_LEAST_SECONDS


class Lingering(Aside):
    """Connections whose response is written, until their client has closed too; known is how much it may still send."""

    seconds = LINGER_SECONDS

    def begin(self, sock: socket.socket) -> None:
        """End a connection as RFC 9112, 9.6 asks: half-close, read to the peer's end, close.

        gthread waits for that on its main loop, for up to 2 s, and accepts nothing meanwhile.

        A plain close() with bytes unread makes the kernel send a reset, which can destroy a response that the client
        has not read yet.
        """
        left = half_close(sock) and drain(sock, LINGER_BYTES)
        if not left or not self.add(sock, left):  # many clients have closed by now
            sock.close()

    def readable(self, sock: socket.socket, known: int) -> None:
        left = drain(sock, known)
        if not left:
            self.end(sock, known)
            return
        with self.changing:  # another thread may have closed it
            if found := self.waiting.get(sock):
                self.waiting[sock] = (found[0], left)

    def close(self, sock: socket.socket, known: int) -> None:
        sock.close()
