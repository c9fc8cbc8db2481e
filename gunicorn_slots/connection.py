# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""A connection that is read with patience, but not for ever."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import gunicorn.http
from gunicorn.http.errors import ParseException
from gunicorn.workers import gthread

from gunicorn_slots.limits import BODY_RATE, Limits, variable


class NothingYetError(BaseException):
    """Ends the look for a request on a connection that had nothing new to say, so that it is kept again."""


class GivenUpError(BaseException):
    """Ends a request whose client is too slow, or whose body ends early or is malformed.

    Not an Exception, as asyncio.CancelledError isn't: an app that reads the body must not take it for an
    error of its own, log a traceback and answer 500.

    Attributes:
        status: what its client is told, if nothing of the response has been sent.
    """

    def __init__(self, conn: SlotConnection, reason: str | None, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(f"{described(conn)}: {reason}")
        self.status = status


class SlotConnection(gthread.TConn):  # type: ignore[misc] # gunicorn ships no types
    """A connection with limits on its reads, that leaves its polite end to the worker's poller."""

    initialized: bool
    parser: Any

    def __init__(
        self,
        cfg: Any,
        sock: socket.socket,
        client: Any,
        server: Any,
        limits: Limits,
        linger: Callable[[socket.socket], None],
    ) -> None:
        """Take an accepted socket.

        Args:
            cfg: gunicorn's configuration.
            sock: the connection's.
            client, server: its addresses.
            limits: how long its head and body may take.
            linger: takes the socket after the last response.
        """
        super().__init__(cfg, sock, client, server)
        self.limits, self.linger = limits, linger
        self.data_ready = True  # handle() need not wait for the first byte
        self.shaken = False  # whether its TLS handshake is over
        self.poller: Any = None  # once it is kept
        self.key: Any = None  # the poller's
        self.spoke = False  # whether something came while it was served
        self.may_wait = False  # whether it can be kept if nothing has come

    def init(self) -> None:
        if self.initialized:
            return
        if self.shaken:
            self.initialized = True
            self.parser = gunicorn.http.get_parser(self.cfg, self.sock, self.client)
        super().init()
        self.parser.unreader.sock = PatientSocket(self)

    @property
    def has_read_ahead(self) -> bool:
        """Whether bytes of the next request were read with this one."""
        return bool(self.parser.unreader.buf.getvalue())

    def again(self) -> None:
        """Be ready for the next request."""
        self.parser.mesg = None
        reader = self.parser.unreader.sock
        reader.received, reader.waited, reader.in_body = 0, 0.0, False
        reader.at_once = True

    def unwatch(self) -> None:
        """Have the poller of this worker forget it."""
        if self.key:
            self.poller.forget(self.key)
            self.key = None

    def close(self, graceful: bool = False) -> None:
        self.unwatch()
        self.parser = None  # it knows this connection: left in, only the garbage collector would free the two
        if graceful:
            self.linger(self.sock)
        else:
            super().close()


class PatientSocket:
    """What the parser reads from: the socket, as long as its client doesn't keep the slot waiting.

    Only the time spent waiting for bytes counts. A head has SLOT_HEAD_SECONDS. A body has SLOT_BODY_SECONDS, plus a
    second for each BODY_RATE bytes, and no pause may be longer than the former.
    """

    def __init__(self, conn: SlotConnection) -> None:
        self.conn, self.sock = conn, conn.sock
        self.received, self.waited = 0, 0.0
        self.in_body = False
        # The first byte is there, mostly, so the first read need not be watched, and most requests are one.
        self.at_once = not conn.cfg.is_ssl

    def recv(self, size: int) -> bytes:
        """Return what is there, as `socket.recv` does.

        Raises:
            GivenUpError: nothing came in time, or a body ends early.
        """
        if self.at_once:
            self.at_once = False
            try:
                data: bytes = self.sock.recv(size, socket.MSG_DONTWAIT)
            except BlockingIOError:
                if self.conn.may_wait:  # what it was told of has been read with the request before
                    raise NothingYetError from None
                return self.recv(size)
            return self.counted(data, size)
        in_body = self.conn.parser.mesg is not None
        if in_body and not self.in_body:
            self.in_body, self.received, self.waited = True, 0, 0.0
        part = "body" if in_body else "head"
        limit = getattr(self.conn.limits, part)
        credit = self.received / BODY_RATE if in_body else 0
        begin = time.monotonic()
        try:
            self.sock.settimeout(max(0.001, min(limit, limit + credit - self.waited)) if limit else None)
            data = self.sock.recv(size)
        except TimeoutError:
            waited = self.waited + time.monotonic() - begin
            more = "more " if in_body else ""  # some may have come with the head
            got = f"{self.received} {more}bytes of the {part} in {waited:.1f} s"
            reason = f"{got} ({variable(part)}={limit})"
            raise GivenUpError(self.conn, reason, HTTPStatus.REQUEST_TIMEOUT) from None
        except OSError as error:
            if in_body:
                raise GivenUpError(self.conn, error.strerror) from None
            raise
        finally:
            self.sock.settimeout(None)
        if in_body and not data:  # to an app it would look complete
            raise GivenUpError(self.conn, f"closed after {self.received} more bytes of the body")
        self.waited += time.monotonic() - begin
        return self.counted(data, size)

    def counted(self, data: bytes, size: int) -> bytes:
        """Count bytes that were read, and note that there may be more, of which nobody will tell."""
        self.received += len(data)
        if len(data) == size:
            self.conn.spoke = True
        return data


class CheckedReader:
    """Reads a chunked body, and gives a malformed one up."""

    def __init__(self, conn: SlotConnection, reader: Any) -> None:
        self.conn, self.reader = conn, reader

    def read(self, size: int) -> bytes:
        try:
            data: bytes = self.reader.read(size)
        except ParseException as error:
            raise GivenUpError(self.conn, str(error)) from None
        return data


def described(conn: SlotConnection) -> str:
    """Return what is known of a request: its client, method and path."""
    client = conn.client[0] if isinstance(conn.client, tuple) else "a local client"
    message = getattr(conn.parser, "mesg", None)
    return f"{client} {message.method} {message.path}" if message else client
