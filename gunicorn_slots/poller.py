# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""What a worker's main loop waits for: epoll itself, where the system has it."""

from __future__ import annotations

import contextlib
import select
import selectors
from typing import Any

READ = selectors.EVENT_READ
Key = selectors.SelectorKey


class Poller:
    """What gunicorn and this package ask of a selector, which would cost a multiple for each connection.

    A kept connection is registered once, for all its requests, and told of at the edge: when something arrives.

    Attributes:
        keys: by descriptor, what is watched. Any thread may change it.
    """

    def __init__(self) -> None:
        self.epoll = select.epoll()
        self.keys: dict[int, Key] = {}

    def register(self, source: Any, events: int, data: Any) -> None:
        """Watch a socket or a descriptor until it is unregistered."""
        number = source if isinstance(source, int) else source.fileno()
        self.begin(Key(source, number, events, data), select.EPOLLIN if events == READ else select.EPOLLOUT)

    def keep(self, conn: Any) -> None:
        """Watch a kept connection, which knows its key from then on.

        Raises:
            OSError: the kernel watches no more of them.
            ValueError: the app has closed it.
        """
        conn.poller, conn.key = self, Key(conn.sock, conn.sock.fileno(), READ, conn)
        try:
            self.begin(conn.key, select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET)
        except (OSError, ValueError):
            conn.key = None
            raise

    def begin(self, key: Key, mask: int) -> None:
        self.keys[key.fd] = key  # before its first event
        try:
            self.epoll.register(key.fd, mask)
        except (OSError, ValueError):
            del self.keys[key.fd]
            raise

    def modify(self, source: Any, events: int, data: Any) -> None:
        """Wait for something else of a socket that is watched."""
        self.keys[source.fileno()] = Key(source, source.fileno(), events, data)
        self.epoll.modify(source.fileno(), select.EPOLLIN if events == READ else select.EPOLLOUT)

    def unregister(self, source: Any) -> None:
        """Watch a socket or a descriptor no more."""
        self.forget(self.keys[source if isinstance(source, int) else source.fileno()])

    def forget(self, key: Key) -> None:
        """Watch no more what a key stands for: an app may have closed its socket, and the number is another's now."""
        if self.keys.get(key.fd) is key:
            del self.keys[key.fd]
            with contextlib.suppress(OSError):
                self.epoll.unregister(key.fd)

    def select(self, timeout: float) -> list[tuple[Key, int]]:
        """Wait for something; return what has happened, and how."""
        found, keys = self.epoll.poll(max(timeout, 0)), self.keys
        return [(key, mask) for number, mask in found if (key := keys.get(number))]

    def close(self) -> None:
        self.epoll.close()


def poller() -> Any:
    """Return what there is here; only a `Poller` can watch kept connections."""
    return Poller() if hasattr(select, "epoll") else selectors.DefaultSelector()
