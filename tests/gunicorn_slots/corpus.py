"""gunicorn's corpus of requests, given to a worker over TCP, in one process."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import gunicorn.glogging
from gunicorn.config import Config
from gunicorn.workers.gthread import TConn, ThreadWorker

from gunicorn_slots import SlotWorker, answers
from gunicorn_slots.connection import SlotConnection
from gunicorn_slots.limits import Limits

STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3}) ")


class Case(NamedTuple):
    """One file of it.

    Attributes:
        name: its folder and number.
        data: what a client sends.
        cfg: makes the configuration that it is meant for.
    """

    name: str
    data: bytes
    cfg: Callable[[], Config]


def cases(tests: Path) -> Iterator[Case]:
    """Return all that there are, in order."""
    treq = module("treq", tests / "treq.py")
    for path in sorted((tests / "requests").glob("*/*.http")):
        expected = path.with_suffix(".py")
        kind = path.parent.name

        def cfg(expected: Path = expected) -> Config:
            found: Config = treq.load_py(str(expected))["cfg"]
            return found

        request = treq.badrequest(str(path)) if kind == "invalid" else treq.request(str(path), None)
        yield Case(f"{kind}/{path.stem}", request.data, cfg)


def module(name: str, path: Path) -> ModuleType:
    """Import a file."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


class Pieces:
    """A socket that has no more than so many bytes at a time."""

    def __init__(self, sock: socket.socket, size: int) -> None:
        self.sock, self.size = sock, size

    def recv(self, size: int, *flags: int) -> bytes:
        return self.sock.recv(min(size, self.size), *flags)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sock, name)


class Answered(NamedTuple):
    """What became of a case: the statuses of the answers, and what the app got of each request."""

    statuses: tuple[int, ...]
    got: tuple[tuple[Any, ...], ...]


def answered(kind: type[ThreadWorker], case: Case, size: int) -> Answered:
    """Have a worker of a class answer a case, of which it can read so many bytes at a time."""
    cfg, got = case.cfg(), []
    cfg.set("keepalive", 0)
    cfg.set("errorlog", os.devnull)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        body = environ["wsgi.input"].read()
        headers = sorted((name, value) for name, value in environ.items() if name.startswith(("HTTP_", "CONTENT_")))
        got.append((environ["REQUEST_METHOD"], environ["RAW_URI"], environ["wsgi.url_scheme"], headers, body))
        start_response("200 OK", [("Content-Length", "3")])
        return [b"ok\n"]

    log = gunicorn.glogging.Logger(cfg)
    worker = kind(1, os.getppid(), [], None, 30, cfg, log)
    worker.wsgi = app
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        accepted, address = listener.accept()
        server = accepted.getsockname()
        sock: Any = Pieces(accepted, size)
        if kind is SlotWorker:
            answers.note_begun(cfg)
            conn: Any = SlotConnection(cfg, sock, address, server, Limits(), lambda sock: sock.close())
        else:
            conn = TConn(cfg, sock, address, server)
        thread = threading.Thread(target=serve, args=(worker, conn))
        thread.start()
        received = talk(client, case.data)
        thread.join()
    return Answered(tuple(int(status) for status in STATUS.findall(received)), tuple(got))


def serve(worker: Any, conn: Any) -> None:
    """What a worker's thread does with a connection."""
    while worker.handle(conn):
        pass
    conn.sock.setblocking(True)
    conn.sock.shutdown(socket.SHUT_WR)
    while conn.sock.sock.recv(65536):  # as lingering does
        pass
    conn.sock.close()


def talk(client: socket.socket, data: bytes) -> bytes:
    """Send all, and return all that comes."""
    client.settimeout(20)
    client.sendall(data)
    client.shutdown(socket.SHUT_WR)
    received = b""
    while chunk := client.recv(65536):
        received += chunk
    return received
