"""Answers 429 to what comes above 30 requests/s in each process."""

import threading
import time

from flask import Flask

app = Flask(__name__)
LOCK = threading.Lock()
TOLD: list[int] = [0, 0]  # the second, and how many in it


@app.get("/")
def index() -> tuple[str, int]:
    """Answer, or refuse."""
    with LOCK:
        now = int(time.monotonic())
        TOLD[:] = [now, TOLD[1] + 1 if TOLD[0] == now else 1]
        allowed = TOLD[1] <= 30
    time.sleep(0.02)
    return ("done\n", 200) if allowed else ("slower\n", 429)
