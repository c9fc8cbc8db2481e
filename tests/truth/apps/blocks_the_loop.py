"""Each request waits 50 ms in a function of C, which an event loop knows nothing of."""

import ctypes

from flask import Flask

app = Flask(__name__)
C = ctypes.CDLL(None)


@app.get("/")
def index() -> str:
    """Wait."""
    C.usleep(50_000)
    return "done\n"
