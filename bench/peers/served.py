"""The app that every server serves: as little as possible of its own, so that the server's cost is seen."""

import time

from flask import Flask

app = Flask(__name__)

LARGE = b"x" * 5_000_000


@app.get("/hello")
def hello() -> str:
    """Answer at once."""
    return "hello\n"


@app.get("/io")
def io() -> str:
    """Wait 100 ms, as for a database."""
    time.sleep(0.1)
    return "waited\n"


@app.get("/large")
def large() -> bytes:
    """Answer with 5 MB."""
    return LARGE


@app.get("/hang")
def hang() -> str:
    """Hang for longer than anybody looks."""
    time.sleep(120)
    return "late\n"
