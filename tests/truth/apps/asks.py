"""Asks another service, which takes four at a time, each 60 ms."""

import os
import urllib.request

from flask import Flask

app = Flask(__name__)


@app.get("/")
def index() -> bytes:
    """Ask it."""
    with urllib.request.urlopen(os.environ["UPSTREAM"], timeout=60) as answer:
        body: bytes = answer.read()
    return body
