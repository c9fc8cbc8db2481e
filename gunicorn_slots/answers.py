# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""What the worker itself answers: a request that was given up, and gunicorn's error pages as they are meant."""

from __future__ import annotations

import contextlib
from http import HTTPStatus
from typing import Any

from gunicorn.http.errors import InvalidHeader, ParseException


def page(status: int) -> bytes:
    """Return a whole response of a few words."""
    text = f"{HTTPStatus(status).phrase}\n"
    head = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", "Connection: close", "Content-Type: text/plain"]
    return "\r\n".join([*head, f"Content-Length: {len(text)}", "", text]).encode("ascii")


def refuse(sock: Any, status: int) -> None:
    """Answer a request that was given up, if its client can be reached; wait for nothing."""
    with contextlib.suppress(OSError):
        sock.setblocking(False)
        sock.sendall(page(status))


def clients_own(exc: BaseException) -> BaseException:
    """Return what gunicorn answers with 400 in place of 501: no client shall make the server look broken."""
    unknown = isinstance(exc, ParseException) and getattr(exc, "code", None) == HTTPStatus.NOT_IMPLEMENTED
    return InvalidHeader(str(exc)) if unknown else exc


def note_begun(cfg: Any) -> None:
    """Have each request know whether something of its response has been sent, by gunicorn's hook after it."""
    after = cfg.post_request

    def post_request(worker: Any, req: Any, environ: Any, resp: Any) -> None:
        req.begun = resp is not None and resp.headers_sent
        after(worker, req, environ, resp)

    cfg.set("post_request", post_request)


class Mended:
    """A client's socket that gets gunicorn's error pages whole.

    gunicorn indents them in its source, and on Python 3.14 textwrap.dedent() leaves nothing but LF of the empty line
    between their head and their text.
    """

    def __init__(self, sock: Any) -> None:
        self.sock = sock

    def sendall(self, data: bytes) -> None:
        head, broken, text = data.partition(b"\r\n\n")
        self.sock.sendall(head + b"\r\n\r\n" + text if broken else data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sock, name)
