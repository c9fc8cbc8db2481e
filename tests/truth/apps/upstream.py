"""The service that others ask: 60 ms, and as many at a time as it has slots."""

import time

from flask import Flask

app = Flask(__name__)


@app.get("/")
def index() -> str:
    """Wait."""
    time.sleep(0.06)
    return "answer\n"
