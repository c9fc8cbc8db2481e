"""The sample app. Replace this folder with your own; the rest of the stack does not depend on it."""

from flask import Flask

from app import front_end, routes


def create_app() -> Flask:
    """Return the app, with the client's address and scheme restored behind App Service's front end."""
    app = Flask(__name__)
    app.register_blueprint(routes.blueprint)
    app.wsgi_app = front_end.trusted_only(app.wsgi_app)  # type: ignore[assignment, method-assign]
    return app


app = create_app()
