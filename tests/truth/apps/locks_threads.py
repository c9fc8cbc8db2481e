"""A lock in each process is held for 20 ms by each request."""

import threading
import time

from flask import Flask

app = Flask(__name__)
LOCK = threading.Lock()


@app.get("/")
def index() -> str:
    """Hold it."""
    with LOCK:
        time.sleep(0.02)
    return "done\n"
