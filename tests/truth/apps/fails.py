"""One request of twenty fails, or of a thousand on the other route."""

import random
import time

from flask import Flask

app = Flask(__name__)


@app.get("/<int:each>")
def index(each: int) -> tuple[str, int]:
    """Wait, and fail each so manyth time on average."""
    time.sleep(0.05)
    return ("failed\n", 500) if random.random() < 1 / each else ("done\n", 200)
