"""Two connections in each process; a query takes 100 ms, and who gets no connection within 150 ms fails."""

import queue

from flask import Flask

from tests.truth.apps.pool import Pool

app = Flask(__name__)
POOL = Pool(2, timeout=0.15)


@app.get("/")
def index() -> tuple[str, int]:
    """Query."""
    try:
        with POOL.connection() as connection:
            connection.execute("select pg_sleep(0.1)")
    except queue.Empty:
        return "no connection\n", 500
    return "rows\n", 200
