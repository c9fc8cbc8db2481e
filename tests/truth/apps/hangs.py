"""One request of fifty never ends; the others take 50 ms."""

import random
import threading
import time

from flask import Flask

app = Flask(__name__)
NEVER = threading.Event()


@app.get("/")
def index() -> str:
    """Wait, or hang."""
    if random.random() < 0.02:
        NEVER.wait(600)
    time.sleep(0.05)
    return "done\n"
