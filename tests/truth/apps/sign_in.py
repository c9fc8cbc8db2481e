"""Signing in takes 120 ms of CPU; a page needs it, and waits 50 ms."""

import hashlib
import time

from flask import Flask, Response, request

from tests.truth.apps.work import compute

app = Flask(__name__)
SESSION = hashlib.sha256(b"user").hexdigest()


@app.post("/sign-in")
def sign_in() -> Response:
    """Check a password."""
    compute(0.12)
    answer = Response("welcome\n")
    answer.set_cookie("session", SESSION)
    return answer


@app.get("/page")
def page() -> tuple[str, int]:
    """Wait."""
    time.sleep(0.05)
    return ("page\n", 200) if request.cookies.get("session") == SESSION else ("who?\n", 401)
