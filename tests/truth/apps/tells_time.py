"""Has a Server-Timing header of its own, with parts named as gunicorn's are, and waits 100 ms."""

import time

from flask import Flask, Response

app = Flask(__name__)


@app.get("/")
def index() -> Response:
    """Wait, and say something else about it."""
    time.sleep(0.1)
    return Response("done\n", headers={"Server-Timing": 'app;dur=3.5, cpu;dur=900, db;desc="a, b";dur=2'})
