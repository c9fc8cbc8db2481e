"""Requests of very different size: 2 ms of CPU for most, 200 ms for one of fifty."""

import time

from flask import Flask

from tests.truth.apps.work import compute

app = Flask(__name__)


@app.get("/list/<int:rows>")
def rows(rows: int) -> str:
    """Make so many rows."""
    compute(rows * 2e-5)
    time.sleep(0.01)
    return "row\n" * rows
