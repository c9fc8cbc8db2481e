"""A thread of each worker computes all the time; requests wait 100 ms."""

import threading
import time

from flask import Flask

from tests.truth.apps.work import compute

app = Flask(__name__)


def busy() -> None:
    """Never end."""
    while True:
        compute(1.0)


threading.Thread(target=busy, daemon=True).start()


@app.get("/")
def index() -> str:
    """Wait."""
    time.sleep(0.1)
    return "done\n"
