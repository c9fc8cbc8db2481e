"""Each request writes three lines to a log on a slow disk, one thread of a process at a time as `logging` has it."""

import logging
import os
import time
from pathlib import Path

from flask import Flask

app = Flask(__name__)


class SlowDisk(logging.FileHandler):
    """A line takes 8 ms until it is on the disk."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write it, and wait for the disk."""
        super().emit(record)
        time.sleep(0.008)


LOG = logging.getLogger("shop")
LOG.setLevel(logging.INFO)
LOG.addHandler(SlowDisk(Path(os.environ["FOLDER"]) / "shop.log"))


@app.get("/")
def index() -> str:
    """Write and wait."""
    for step in ("asked", "looked up", "answered"):
        LOG.info(step)
    time.sleep(0.02)
    return "done\n"
