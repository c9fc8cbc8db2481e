"""Keeps 30 kB of each request for ever."""

import time

from flask import Flask

app = Flask(__name__)
KEPT: list[bytearray] = []


@app.get("/")
def index() -> str:
    """Keep more."""
    KEPT.append(bytearray(b"x" * 30_000))
    time.sleep(0.05)
    return "kept\n"
