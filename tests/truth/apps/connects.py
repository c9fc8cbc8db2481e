"""A new connection for each request, to a database that takes ten; a query takes 100 ms."""

import os

from flask import Flask

from tests.truth.apps.libpq import Connection, DatabaseError

app = Flask(__name__)


@app.get("/")
def index() -> tuple[str, int]:
    """Connect and query."""
    try:
        connection = Connection(os.environ["DATABASE"])
    except DatabaseError as error:
        return f"{error}\n", 500
    connection.execute("select pg_sleep(0.1)")
    connection.close()
    return "rows\n", 200
