"""Each request computes 20 ms in Python."""

from flask import Flask

from tests.truth.apps.work import compute

app = Flask(__name__)


@app.get("/")
def index() -> str:
    """Compute."""
    compute(0.02)
    return "done\n"
