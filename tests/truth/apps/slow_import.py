"""Computes for 1.5 s while it is imported; then a request waits 50 ms."""

import time

from flask import Flask

from tests.truth.apps.work import compute

app = Flask(__name__)
compute(1.5)


@app.get("/")
def index() -> str:
    """Wait."""
    time.sleep(0.05)
    return "done\n"
