"""Each request hands 15 ms of computing to a thread of its own, and waits for it."""

from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from tests.truth.apps.work import compute

app = Flask(__name__)
POOL = ThreadPoolExecutor(8)


@app.get("/")
def index() -> str:
    """Compute elsewhere."""
    POOL.submit(compute, 0.015).result()
    return "done\n"
