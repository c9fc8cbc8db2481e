"""A worker whose loop does not run, so that a test can look at what it takes next."""

from __future__ import annotations

import socket
import time
from types import SimpleNamespace
from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger

from gunicorn_slots.connection import SlotConnection
from gunicorn_slots.handover import Handover
from gunicorn_slots.poller import Poller
from gunicorn_slots.worker import SlotWorker


class Bench:
    """A worker with one thread, its slot taken, and clients of it; its loop does not run.

    Attributes:
        worker: it.
        clients: by address, their names.
        socks: theirs.
    """

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        cfg = Config()
        app = SimpleNamespace(wsgi=None)
        self.worker: Any = SlotWorker(1, 0, [self.listener], app, 30, cfg, Logger(cfg))
        self.worker.handover = Handover()
        self.worker.poller = Poller()
        self.worker.set_accept_enabled(True)
        self.worker.queues.leave_to_threads(self.listener)
        self.worker.take_slot()
        self.clients: dict[Any, str] = {}
        self.socks: list[socket.socket] = []

    def connect(self, name: str) -> None:
        """Have a client connect and speak; the kernel keeps it."""
        sock = socket.create_connection(self.listener.getsockname())
        sock.sendall(b"GET")
        self.clients[sock.getsockname()] = name
        self.socks.append(sock)

    def kept(self, name: str) -> SlotConnection:
        """Return a kept connection whose client has spoken."""
        self.connect(name)
        time.sleep(0.01)
        conn = self.worker.accepted(self.listener)
        assert isinstance(conn, SlotConnection)
        return conn

    def taken(self) -> list[str]:
        """Take all that waits; return their names in that order."""
        found = []
        for queue in (self.listener, self.worker.handover.outlet):
            self.worker.queues.leave_to_threads(queue)
        while conn := self.worker.next_waiting():
            found.append(self.clients[conn.client])
            conn.close()
        return found

    def close(self) -> None:
        """Close what it has opened."""
        for sock in (self.listener, *self.socks):
            sock.close()
        self.worker.poller.close()
        self.worker.tmp.close()
