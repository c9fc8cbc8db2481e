import click
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return f"requirements-folder with click {click.__version__ if hasattr(click, '__version__') else ''}"
