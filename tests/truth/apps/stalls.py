"""Everything stops for 0.7 s in each five, as when a job rotates a log or a disk syncs; else a request takes 40 ms."""

import time

from flask import Flask

app = Flask(__name__)


@app.get("/")
def index() -> str:
    """Wait, and longer while everything stops."""
    into = time.time() % 5
    time.sleep(0.04 + max(0.0, 0.7 - into))
    return "done\n"
