"""Fails for half a second in each five, as when a database is replaced; else a request takes 50 ms."""

import time

from flask import Flask

app = Flask(__name__)


@app.get("/")
def index() -> tuple[str, int]:
    """Answer, or fail."""
    time.sleep(0.05)
    return ("failed\n", 503) if time.time() % 5 < 0.5 else ("done\n", 200)
