# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""What an app has left of a request's body: a kept connection must be rid of it before its next request."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from gunicorn_slots.connection import CheckedReader, SlotConnection
from gunicorn_slots.limits import LINGER_BYTES

PEEK = socket.MSG_PEEK | socket.MSG_DONTWAIT


def closes(conn: SlotConnection, asked: Callable[[], bool], req: Any) -> Callable[[], bool]:
    """Return whether a connection closes after this request's response, to be asked when the response begins.

    It closes if the client or gunicorn says so, and also if the app has left a part of the body that isn't here yet:
    a slot would have to wait for it.

    Args:
        conn: where the request came.
        asked: whether the request itself wants it.
        req: gunicorn's.
    """

    closing: bool | None = None

    def should_close() -> bool:
        nonlocal closing
        if closing is None:
            closing = asked() or not is_here(conn, req.body.reader)
        return closing

    return should_close


def has_body(req: Any) -> bool:
    """Whether a request has one."""
    return isinstance(req.body.reader, CheckedReader) or bool(req.body.reader.length)


def is_here(conn: SlotConnection, reader: Any) -> bool:
    """Whether the rest of a body can be read without waiting for it."""
    if isinstance(reader, CheckedReader):
        return reader.reader.parser is None
    missing = reader.length - len(conn.parser.unreader.buf.getvalue()) if reader.length else 0
    if missing <= 0:
        return True
    try:
        return missing <= LINGER_BYTES and len(conn.sock.recv(missing, PEEK)) >= missing
    except OSError:
        return False
