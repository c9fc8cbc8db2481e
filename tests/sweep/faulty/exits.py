"""An app whose worker dies on its 100th request, as where a library crashes."""

import itertools
import os
import time

from flask import Flask

app = Flask(__name__)
requests = itertools.count(1)


@app.get("/")
def index() -> str:
    time.sleep(0.01)
    if next(requests) == 100:
        os._exit(1)
    return "ok"
