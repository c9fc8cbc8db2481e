# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""How a connection comes to a worker: from a listener, or from a worker that has handed it over."""

from __future__ import annotations

import errno
import socket
import time
from typing import Any

from gunicorn_slots.connection import SlotConnection
from gunicorn_slots.free_slots import FreeSlotsWorker
from gunicorn_slots.handover import Handed
from gunicorn_slots.limits import RETRY_SECONDS, Limits
from gunicorn_slots.sockets import SlotSocket, first_byte, is_among_the_last, notice_gone


class ReceivingWorker(FreeSlotsWorker):
    """gthread, but a connection takes a slot once it has spoken, and may come from another worker."""

    limits: Limits

    def accepted(self, listener: Any) -> SlotConnection | None:
        """Take a connection that has spoken from a listener; None if there is none."""
        while not self.keeps_all:
            try:
                accepted, client = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return None
            except OSError as error:
                # Out of file descriptors: give up a connection that is as good as over, and try again.
                if error.errno not in (errno.EMFILE, errno.ENFILE) or not self.make_room():
                    self.cannot_take(error)
                return None
            sock = SlotSocket(accepted.family, accepted.type, accepted.proto, accepted.detach())
            conn = self.connection(sock, client, listener.getsockname())
            notice_gone(sock, self.limits.request)
            spoken = first_byte(sock)
            if spoken and self.is_ssl:
                self.method_queue.defer(self.shaking.begin, conn)  # which the main loop goes on with
                continue
            if spoken:
                return conn
            if spoken is False or not self.parked.add(sock, conn):  # a silent one takes no slot
                conn.close()
        return None

    def taken(self) -> Handed | None:
        """Return the next that was handed over; None if there is none, or no file descriptor for it."""
        try:
            return self.handover.take() if self.handover else None
        except OSError as error:
            if not self.make_room():
                self.cannot_take(error)
            return None

    def cannot_take(self, error: OSError) -> None:
        """Say so, and wait a moment."""
        self.log.error("Cannot take a connection: %s", error.strerror)
        time.sleep(RETRY_SECONDS)

    def received(self, handed: Handed) -> SlotConnection | None:
        """Make a connection of one that was handed over; None if nothing is to be served on it yet."""
        sock = SlotSocket(handed.family, socket.SOCK_STREAM, 0, handed.descriptor)
        conn = self.connection(sock, handed.client, handed.server)
        conn.may_wait = bool(self.kept.seconds)
        if is_among_the_last(handed.descriptor):
            self.make_room()
        if handed.idle and first_byte(sock) is None and self.kept.add(sock, conn):
            return None
        return conn

    def connection(self, sock: socket.socket, client: Any, server: Any) -> SlotConnection:
        return SlotConnection(self.cfg, sock, client, server, self.limits, self.lingering.begin)

    def make_room(self) -> bool:
        """Give up a connection that is as good as over; False if there is none."""
        if self.kept and not self.lingering:
            self.kept.end_oldest()  # which then lingers
        return self.lingering.end_oldest() or self.parked.end_oldest()
