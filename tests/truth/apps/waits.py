"""Each request waits 100 ms for something that takes any number at a time."""

import time

from flask import Flask

app = Flask(__name__)


@app.get("/")
def index() -> str:
    """Wait."""
    time.sleep(0.1)
    return "done\n"
