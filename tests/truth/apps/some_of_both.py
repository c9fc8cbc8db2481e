"""Each request computes 4 ms, then waits 96 ms."""

import time

from flask import Flask

from tests.truth.apps.work import compute

app = Flask(__name__)


@app.get("/")
def index() -> str:
    """Compute, then wait."""
    compute(0.004)
    time.sleep(0.096)
    return "done\n"
