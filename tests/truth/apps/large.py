"""Keeps 150 MB in each worker, and waits 100 ms."""

import time

from flask import Flask

app = Flask(__name__)
MODEL = bytearray(b"x" * 150 * 2**20)


@app.get("/")
def index() -> str:
    """Wait."""
    time.sleep(0.1)
    return f"{MODEL[0]}\n"
