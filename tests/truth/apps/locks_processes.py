"""A multiprocessing lock, made before the workers are (preload_app), is held for 20 ms by each request."""

import multiprocessing
import time

from flask import Flask

app = Flask(__name__)
LOCK = multiprocessing.Lock()


@app.get("/")
def index() -> str:
    """Hold it."""
    with LOCK:
        time.sleep(0.02)
    return "done\n"
