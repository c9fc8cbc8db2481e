"""Waits for a service for 3 s while it is imported; then a request waits 50 ms."""

import time

from flask import Flask

app = Flask(__name__)
time.sleep(3)


@app.get("/")
def index() -> str:
    """Wait."""
    time.sleep(0.05)
    return "done\n"
