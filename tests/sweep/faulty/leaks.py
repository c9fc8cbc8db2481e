"""An app that keeps 50 MB of each request."""

import time

from flask import Flask

app = Flask(__name__)
kept: list[bytes] = []


@app.get("/")
def index() -> str:
    time.sleep(0.05)
    kept.append(b"x" * (50 << 20))
    return "ok"
