"""Sends an event each half second, without an end; a page beside it waits 50 ms."""

import time
from collections.abc import Iterator

from flask import Flask, Response

app = Flask(__name__)


def events() -> Iterator[str]:
    """Make one after the other."""
    while True:
        time.sleep(0.5)
        yield "data: nothing new\n\n"


@app.get("/events")
def stream() -> Response:
    """Send them."""
    return Response(events(), mimetype="text/event-stream")


@app.get("/page")
def page() -> str:
    """Wait."""
    time.sleep(0.05)
    return "done\n"
