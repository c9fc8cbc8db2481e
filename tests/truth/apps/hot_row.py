"""All orders update one row, and hold it for 20 ms; reading takes 5 ms."""

from flask import Flask

from tests.truth.apps.pool import Pool

app = Flask(__name__)
POOL = Pool(64)
ORDER = (
    "begin; select number from stock where id = 1 for update; select pg_sleep(0.02); "
    "update stock set number = number - 1 where id = 1; commit"
)


@app.post("/orders")
def orders() -> str:
    """Take one from the stock."""
    with POOL.connection() as connection:
        connection.execute(ORDER)
    return "ordered\n"


@app.get("/stock")
def stock() -> str:
    """Look."""
    with POOL.connection() as connection:
        connection.execute("select number, pg_sleep(0.005) from stock")
    return "stock\n"
