"""Sends everybody on to another address, and waits 50 ms at each."""

import time

from flask import Flask, redirect
from werkzeug.wrappers import Response

app = Flask(__name__)


@app.get("/old")
def old() -> Response:
    """Send on."""
    time.sleep(0.05)
    return redirect("/new")


@app.get("/new")
def new() -> str:
    """Answer."""
    time.sleep(0.05)
    return "new\n"
