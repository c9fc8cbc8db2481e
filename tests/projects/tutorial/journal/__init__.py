"""An application factory with an instance folder, as in Flask's tutorial."""

import os

from flask import Flask


def create_app(test_config=None):
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_mapping(SECRET_KEY="dev", DATABASE=os.path.join(app.instance_path, "journal.sqlite"))
    if test_config is None:
        app.config.from_pyfile("config.py", silent=True)
    else:
        app.config.update(test_config)
    os.makedirs(app.instance_path, exist_ok=True)

    from journal import db

    db.init_app(app)

    @app.get("/")
    def index():
        (number,) = db.get_db().execute("SELECT count(*) FROM entry").fetchone()
        return f"{number} entries"

    @app.post("/")
    def write():
        db.get_db().execute("INSERT INTO entry (body) VALUES ('hello')")
        db.get_db().commit()
        return "", 201

    return app
