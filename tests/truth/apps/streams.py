"""Sends an event each 100 ms, ten in all."""

import time
from collections.abc import Iterator

from flask import Flask, Response

app = Flask(__name__)


def events() -> Iterator[str]:
    """Make one after the other."""
    for number in range(10):
        time.sleep(0.1)
        yield f"data: {number}\n\n"


@app.get("/events")
def stream() -> Response:
    """Send them."""
    return Response(events(), mimetype="text/event-stream")
