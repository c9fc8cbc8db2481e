"""Slow in its first three seconds, while its caches fill, then quick."""

import time

from flask import Flask

app = Flask(__name__)
BEGAN: list[float] = []


@app.get("/")
def index() -> str:
    """Wait 400 ms, later 40 ms."""
    BEGAN.append(time.monotonic())
    time.sleep(0.4 if time.monotonic() < BEGAN[0] + 3 else 0.04)
    return "done\n"
