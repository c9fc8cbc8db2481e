# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""A response whose head and first piece of body leave in one system call, where gunicorn's takes one for each."""

from __future__ import annotations

from typing import Any

from gunicorn.http import wsgi

JOINED_BYTES = 65536  # to copy more would cost more than it saves


class Parts(list[bytes]):
    """Takes the place of a socket for what is to be sent together."""

    sendall = list.append


class JoinedResponse(wsgi.Response):  # type: ignore[misc] # gunicorn ships no types
    """gunicorn's, but for that, and that no connection is kept on which something else than HTTP has been spoken."""

    def should_close(self) -> bool:
        return self.upgrade or bool(super().should_close())

    def write(self, arg: Any) -> None:
        if self.headers_sent or not isinstance(arg, bytes) or len(arg) > JOINED_BYTES:
            super().write(arg)
            return
        sock, parts = self.sock, Parts()
        self.sock: Any = parts
        try:
            super().write(arg)
        finally:
            self.sock = sock
        sock.sendall(b"".join(parts))


def join() -> None:
    """Have gunicorn make its responses so, in this process."""
    wsgi.Response = JoinedResponse
