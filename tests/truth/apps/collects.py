"""Each request makes garbage in circles and collects it, beside a million objects that stay."""

import gc

from flask import Flask

app = Flask(__name__)
KEPT = [[number] for number in range(300_000)]


@app.get("/")
def index() -> str:
    """Make garbage, and collect it."""
    for _ in range(2000):
        circle: list[object] = []
        circle.append(circle)
    gc.collect()
    return "clean\n"
