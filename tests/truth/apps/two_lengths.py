"""One route of two lengths: 10 ms, and 500 ms for each tenth request."""

import random
import select
import socket

from flask import Flask

app = Flask(__name__)
SILENT, _OTHER = socket.socketpair()


@app.get("/item")
def item() -> str:
    """Wait as a client of a slow service does: in select, for an answer that does not come."""
    select.select([SILENT], [], [], 0.5 if random.random() < 0.1 else 0.01)
    return "item\n"
