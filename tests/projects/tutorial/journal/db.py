import sqlite3

from flask import current_app, g


def get_db():
    if "db" not in g:
        g.db = sqlite3.connect(current_app.config["DATABASE"], timeout=30)
    return g.db


def init_app(app):
    app.teardown_appcontext(lambda _: g.pop("db").close() if "db" in g else None)
    with app.app_context(), get_db() as db:
        db.execute("CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
