"""Nine quick pages, and one that waits 800 ms for somebody else."""

import time

from flask import Flask

app = Flask(__name__)


@app.get("/page/<int:number>")
def page(number: int) -> str:
    """Wait 20 ms."""
    time.sleep(0.02)
    return f"page {number}\n"


@app.get("/report")
def report() -> str:
    """Wait 800 ms."""
    time.sleep(0.8)
    return "report\n"
