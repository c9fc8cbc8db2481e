"""A response's head and first piece of body, sent together, and everything else as gunicorn sends it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config

from gunicorn_slots.joined import JOINED_BYTES, JoinedResponse


class Sent(list[bytes]):
    """A socket that notes what is sent in one call."""

    sendall = list.append


def response(headers: dict[str, str], method: str = "GET", status: str = "200 OK") -> tuple[JoinedResponse, Sent]:
    sock = Sent()
    request = SimpleNamespace(method=method, version=(1, 1), should_close=lambda: False)
    made = JoinedResponse(request, sock, Config())
    made.start_response(status, list(headers.items()))
    return made, sock


def ends(sent: Sent) -> list[bytes]:
    """What each call has sent, without the head's lines."""
    return [part.rpartition(b"\r\n\r\n")[2] if part.startswith(b"HTTP/1.1 ") else part for part in sent]


def test_the_head_goes_with_the_first_piece() -> None:
    made, sent = response({"Content-Length": "6"})
    for piece in (b"abc", b"def"):
        made.write(piece)
    made.close()
    assert ends(sent) == [b"abc", b"def"]


def test_a_chunk_too() -> None:
    made, sent = response({})
    made.write(b"abc")
    made.close()
    assert [part.startswith(b"HTTP/1.1 200") for part in sent] == [True, False]
    assert sent[0].endswith(b"\r\n\r\n3\r\nabc\r\n")
    assert sent[1] == b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("headers", "method", "piece"),
    [({}, "GET", b""), ({"Content-Length": "3"}, "HEAD", b"abc")],
    ids=["an empty piece of a stream", "no body is wanted"],
)
def test_a_head_with_nothing_to_follow_waits_for_nothing(headers: dict[str, str], method: str, piece: bytes) -> None:
    made, sent = response(headers, method)
    made.write(piece)
    assert len(sent) == 1
    assert sent[0].endswith(b"\r\n\r\n")


def test_what_is_long_is_not_copied() -> None:
    made, sent = response({"Content-Length": str(JOINED_BYTES + 1)})
    made.write(b"x" * (JOINED_BYTES + 1))
    assert [len(end) for end in ends(sent)] == [0, JOINED_BYTES + 1]


def test_an_error_of_the_socket_ends_the_response() -> None:
    made, _ = response({"Content-Length": "3"})

    def broken(data: Any) -> None:
        raise BrokenPipeError

    made.sock = SimpleNamespace(sendall=broken)
    with pytest.raises(BrokenPipeError):
        made.write(b"abc")


def test_a_connection_that_speaks_something_else_is_not_kept() -> None:
    made, _ = response({"Connection": "Upgrade", "Upgrade": "websocket"}, status="101 Switching Protocols")
    assert made.should_close()
    assert "Connection: upgrade\r\n" in made.default_headers()
