from flask import Flask


def create_app(name="shop"):
    app = Flask(__name__)

    @app.get("/")
    def index():
        return name

    return app
