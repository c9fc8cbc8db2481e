"""An app that starts with one worker only, and answers each fifth request with 500 where there are four threads."""

import itertools
import os
import sys
import time

from flask import Flask

if os.environ["GUNICORN_WORKERS"] != "1":
    sys.exit("picky: one worker at most")
app = Flask(__name__)
requests = itertools.count(1)


@app.get("/")
def index() -> tuple[str, int]:
    time.sleep(0.05)
    return "ok", 500 if os.environ["GUNICORN_THREADS"] == "4" and next(requests) % 5 == 0 else 200
