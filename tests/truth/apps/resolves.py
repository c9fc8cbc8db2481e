"""One request of twenty waits a second for a name server that has lost a packet; the others take 30 ms."""

import random
import time

from flask import Flask

app = Flask(__name__)


@app.get("/mail")
def mail() -> str:
    """Look up a name, and send."""
    time.sleep(1.0 if random.random() < 0.05 else 0.0)
    time.sleep(0.03)
    return "sent\n"
