"""Each request writes to SQLite, which has one writer at a time, and holds it for 15 ms."""

import os
import sqlite3
import tempfile
import time
from pathlib import Path

from flask import Flask

app = Flask(__name__)
FILE = Path(os.environ.get("FOLDER", tempfile.gettempdir())) / "truth.db"


@app.post("/notes")
def notes() -> str:
    """Write one."""
    connection = sqlite3.connect(FILE, timeout=30, isolation_level=None)
    connection.execute("create table if not exists notes (text)")
    connection.execute("begin immediate")
    connection.execute("insert into notes values ('note')")
    time.sleep(0.015)
    connection.execute("rollback")
    connection.close()
    return "noted\n"
