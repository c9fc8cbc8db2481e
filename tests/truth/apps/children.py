"""Each request starts a program that computes for some 100 ms, as a converter of pictures would."""

import subprocess
import sys

from flask import Flask

app = Flask(__name__)
CODE = "import time\nwhile time.process_time() < 0.1: sum(range(500))"


@app.get("/")
def index() -> str:
    """Have another program compute."""
    subprocess.run([sys.executable, "-ISc", CODE], check=True)
    return "converted\n"
