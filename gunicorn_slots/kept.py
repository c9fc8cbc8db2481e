# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""Connections that are kept for their next request: they hold no slot and no thread, and are watched by the poller."""

from __future__ import annotations

import math
import socket
import time
from typing import Any

from gunicorn_slots.aside import Aside
from gunicorn_slots.connection import SlotConnection
from gunicorn_slots.limits import KEPT_MORE_SECONDS, KEPT_SECONDS
from gunicorn_slots.sockets import first_byte


class Kept(Aside):
    """The longest idle comes first.

    Attributes:
        until: by time.monotonic(), when all of them go; a worker that ends sets it.
    """

    seconds = KEPT_SECONDS

    def __init__(self, worker: Any) -> None:
        super().__init__(worker)
        self.until = math.inf

    def deadline(self) -> float:
        return min(super().deadline() + KEPT_MORE_SECONDS, self.until)

    def readable(self, sock: socket.socket, known: SlotConnection) -> None:
        if self.take(sock):
            if first_byte(sock):
                self.worker.came(known)
            else:
                known.close()

    def close(self, sock: socket.socket, known: SlotConnection) -> None:
        known.close(graceful=True)

    def leave(self, deadline: float) -> None:
        """Let the other workers have them all; where all of the server stops, let none stay longer than this."""
        self.until = deadline
        self.cap(deadline)
        self.hand_over()

    def hand_over(self) -> None:
        """Hand over what is left in a worker that ends alone, as long as there is room."""
        for sock, (_, known) in self.all() if self.until < math.inf and not self.worker.stops else []:
            if self.take(sock) and not self.worker.hand_over(known, time.monotonic(), idle=True):
                self.add(sock, known)
                return
