"""Answers of 6 MB, which a slow reader keeps in their slots, and of one line."""

import time

from flask import Flask

app = Flask(__name__)
BODY = b"x" * 6_000_000


@app.get("/file")
def file() -> bytes:
    """Send much."""
    time.sleep(0.01)
    return BODY


@app.get("/page")
def page() -> str:
    """Send little."""
    time.sleep(0.01)
    return "page\n"
