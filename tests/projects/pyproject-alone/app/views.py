import logging
import pathlib

from app import app

logs = pathlib.Path("logs")
logs.mkdir(exist_ok=True)
app.logger.addHandler(logging.FileHandler(logs / "blog.log"))


@app.get("/")
def index():
    app.logger.warning("asked")
    return "pyproject-alone"
