"""An app that says how a request reached it, and that can be slow, sick and cold."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from app.front_end import trusted_only

# As an app that loads a lot: gunicorn listens meanwhile, and nobody answers.
time.sleep(float(os.environ.get("COLD_SECONDS", "0")))
SICK, DONE = Path("/tmp/sick"), Path("/tmp/done")


def restored(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer with what an app behind app/front_end.py sees."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']} {environ['REMOTE_ADDR']}".encode()]


def drip(seconds: float) -> Iterator[bytes]:
    """Send a byte each half second."""
    for _ in range(int(seconds * 2)):
        time.sleep(0.5)
        yield b"."


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Do what the path says, and say what came."""
    path, asked = environ["PATH_INFO"], parse_qs(environ["QUERY_STRING"])
    seconds = float(asked.get("seconds", ["0"])[0])
    if path == "/restored":
        return trusted_only(restored)(environ, start_response)
    if path == "/sick":
        SICK.touch() if asked["is"] == ["true"] else SICK.unlink(missing_ok=True)
    if path == "/drip":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return drip(seconds)
    begin = time.monotonic()
    environ["wsgi.input"].read()
    read = time.monotonic() - begin
    if path == "/slow":
        time.sleep(seconds)
        DONE.touch()
    start_response("500 Sick" if path == "/healthz" and SICK.exists() else "200 OK", [("Content-Type", "text/json")])
    facts = {name: value for name, value in environ.items() if isinstance(value, str)}
    return [json.dumps(facts | {"instance": socket.gethostname(), "read": read, "done": DONE.exists()}).encode()]
