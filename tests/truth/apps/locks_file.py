"""A lock on a file, for all processes, is held for 20 ms by each request."""

import fcntl
import os
import tempfile
import time
from pathlib import Path

from flask import Flask

app = Flask(__name__)
PATH = Path(os.environ.get("FOLDER", tempfile.gettempdir())) / "truth.lock"


@app.get("/")
def index() -> str:
    """Hold it."""
    with PATH.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        time.sleep(0.02)
    return "done\n"
