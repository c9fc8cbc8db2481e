"""What the worker itself answers, on each Python."""

from __future__ import annotations

import http.client
import io
import socket
import textwrap
from types import SimpleNamespace
from typing import Any

import gunicorn.util
import pytest
from gunicorn.config import Config
from gunicorn.http.errors import InvalidHeader, LimitRequestLine, UnsupportedTransferCoding

from gunicorn_slots import answers


def read(data: bytes) -> tuple[int, bytes]:
    """What a strict client makes of a response."""
    response = http.client.HTTPResponse(SimpleNamespace(makefile=lambda _: io.BytesIO(data)))  # type: ignore[arg-type]
    response.begin()
    assert response.getheader("Connection") == "close"
    assert int(response.getheader("Content-Length") or -1) == response.length
    return response.status, response.read()


@pytest.mark.parametrize(("status", "text"), [(400, b"Bad Request\n"), (408, b"Request Timeout\n")])
def test_a_request_that_was_given_up(status: int, text: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        answers.refuse(ours, status)
        assert read(theirs.recv(4096)) == (status, text)


def test_nobody_is_there_to_be_told() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    answers.refuse(ours, 400)
    ours.close()
    answers.refuse(ours, 400)


def like_314(text: str) -> str:
    """textwrap.dedent() as of Python 3.14: nothing but LF is left of a line of white space, CR included."""
    lines = text.split("\n")
    margin = min(len(line) - len(line.lstrip(" ")) for line in lines if line.strip())
    return "\n".join("" if line.isspace() else line[margin:] for line in lines)


@pytest.mark.parametrize("dedent", [textwrap.dedent, like_314], ids=["this Python", "3.14"])
def test_gunicorns_error_pages_are_whole(monkeypatch: pytest.MonkeyPatch, dedent: Any) -> None:
    monkeypatch.setattr(gunicorn.util.textwrap, "dedent", dedent)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        gunicorn.util.write_error(answers.Mended(ours), 431, "Too Large", "<b>")
        status, text = read(theirs.recv(4096))
    assert status == 431
    assert text.startswith(b"<html>")
    assert b"&lt;b&gt;" in text


def test_it_is_the_clients_own_fault() -> None:
    unknown, long = UnsupportedTransferCoding("x"), LimitRequestLine(1, 2)
    assert isinstance(answers.clients_own(unknown), InvalidHeader)
    assert answers.clients_own(long) is long
    other = ValueError("x")
    assert answers.clients_own(other) is other


@pytest.mark.parametrize("sent", [True, False])
def test_a_request_knows_whether_its_response_has_begun(sent: bool) -> None:
    calls: list[Any] = []
    cfg = Config()
    cfg.set("post_request", lambda worker, req, environ, resp: calls.append(req))
    answers.note_begun(cfg)
    request, unborn = SimpleNamespace(begun=None), SimpleNamespace(begun=None)
    cfg.post_request(None, request, {}, SimpleNamespace(headers_sent=sent))
    cfg.post_request(None, unborn, {}, None)
    assert (request.begun, unborn.begun, calls) == (sent, False, [request, unborn])
