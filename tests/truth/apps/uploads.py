"""Takes what is sent, reads it all, and works on it for 60 ms."""

import time

from flask import Flask, request

app = Flask(__name__)


@app.post("/files")
def files() -> str:
    """Take a file."""
    size = len(request.get_data())
    time.sleep(0.06)
    return f"{size}\n"
