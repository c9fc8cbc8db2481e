"""Three requests of each process at a time may do what takes 60 ms; most pages don't need it."""

import threading
import time

from flask import Flask

app = Flask(__name__)
PERMITS = threading.Semaphore(3)


@app.get("/page")
def page() -> str:
    """Wait 10 ms."""
    time.sleep(0.01)
    return "page\n"


@app.get("/export")
def export() -> str:
    """Wait for a permit."""
    with PERMITS:
        time.sleep(0.06)
    return "exported\n"
