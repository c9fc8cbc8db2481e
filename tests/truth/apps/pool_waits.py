"""Five connections in each process; a query takes 100 ms, and who gets no connection waits."""

from flask import Flask

from tests.truth.apps.pool import Pool

app = Flask(__name__)
POOL = Pool(5)


@app.get("/")
def index() -> str:
    """Query."""
    with POOL.connection() as connection:
        connection.execute("select pg_sleep(0.1)")
    return "rows\n"
