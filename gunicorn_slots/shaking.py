# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""TLS in gunicorn itself: a handshake holds no slot, and has the time of a request's head."""

from __future__ import annotations

import errno
import math
import selectors
import socket
import ssl
from typing import Any

import gunicorn.sock

from gunicorn_slots.aside import Parked
from gunicorn_slots.connection import SlotConnection, described
from gunicorn_slots.limits import variable


class Shaking(Parked):
    """Connections whose handshake is under way, or over without a byte of a request so far.

    gthread spends a thread on a handshake, for as long as its client likes. A connection whose request then finds all
    threads busy waits for this worker: its keys are here.
    """

    def __init__(self, worker: Any) -> None:
        super().__init__(worker)
        self.seconds = worker.limits.head or math.inf

    def begin(self, conn: SlotConnection) -> None:
        """Take a connection whose client has begun to speak; from here on it is the same as a parked one."""
        try:
            context = gunicorn.sock.ssl_context(conn.cfg)
            conn.sock.setblocking(False)
            ragged = conn.cfg.suppress_ragged_eofs
            conn.sock = context.wrap_socket(
                conn.sock, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=ragged
            )
            watched = self.add(conn.sock, conn)
        except Exception as error:
            watched = False
            if getattr(error, "errno", None) not in (errno.ECONNRESET, errno.ENOTCONN, errno.EINVAL):
                self.worker.log.exception("Error in TLS for %s", described(conn))  # its files have gone, say
        if watched:
            self.readable(conn.sock, conn)
        else:
            conn.close()

    def readable(self, sock: socket.socket, known: SlotConnection) -> None:
        """Go on with the handshake; the poller calls again for what is left in the kernel's buffer."""
        events = selectors.EVENT_READ
        try:
            if known.shaken or self.shake(known):
                super().readable(sock, known)
                return
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLWantWriteError:  # a long chain of certificates, and a client that reads slowly
            events = selectors.EVENT_WRITE
        except OSError as error:
            if isinstance(error, ssl.SSLError) and error.errno != ssl.SSL_ERROR_EOF:
                self.worker.log.warning("Invalid request from ip=%s: %s", described(known), error)
            self.end(sock, known)
            return
        self.worker.poller.modify(sock, events, self.on_readable)

    def close(self, sock: socket.socket, known: SlotConnection) -> None:
        known.close()

    @staticmethod
    def shake(conn: SlotConnection) -> bool:
        """Do what can be done of a handshake; say whether some of the request is there already."""
        sock: Any = conn.sock
        sock.do_handshake()
        conn.shaken = True
        return bool(sock.pending())

    def end_expired(self, now: float) -> None:
        for _, (until, conn) in self.all():
            if until > now or not self.worker.alive:  # one that ends waits for less than that
                break
            what = "no request" if conn.shaken else "no whole handshake"
            limit = self.worker.limits.head
            self.worker.log.warning(
                "Gave up on %s: %s in %s s (%s=%s)", described(conn), what, limit, variable("head"), limit
            )
        super().end_expired(now)
