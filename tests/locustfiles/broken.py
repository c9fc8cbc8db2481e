"""An app that answers 500."""

from flask import Flask

app = Flask(__name__)


@app.get("/healthz")
def healthz() -> str:
    return "ok\n"


@app.route("/io")
def io() -> tuple[str, int]:
    return "broken\n", 500
