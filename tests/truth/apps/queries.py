"""A query of 150 ms; connections enough for all threads."""

from flask import Flask

from tests.truth.apps.pool import Pool

app = Flask(__name__)
POOL = Pool(64)


@app.get("/")
def index() -> str:
    """Query."""
    with POOL.connection() as connection:
        connection.execute("select pg_sleep(0.15)")
    return "rows\n"
