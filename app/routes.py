"""Routes with a known cost, so that what a load test shows can be checked against it."""

import math
import os

from flask import Blueprint, Response, abort, current_app, render_template, request

from app import work

blueprint = Blueprint("load", __name__)

# So that nobody can tie up the host with one request: 10 s of waiting, 1 s of CPU.
MAX_WAIT_MS = 10_000.0
MAX_CPU_MS = 1_000.0


def milliseconds(name: str, default: float, most: float) -> float:
    """Return a query parameter in milliseconds; a bad one ends the request with 400 and one line."""
    values = request.args.getlist(name) or [str(default)]
    try:
        value = float(values[0])
    except ValueError:
        value = math.nan
    if len(values) > 1 or not 0 <= value <= most:
        line = f"{name}={','.join(values)!r}: expected one number of milliseconds from 0 to {most:g}\n"
        abort(Response(line, 400, mimetype="text/plain"))
    return value


@blueprint.get("/")
def index() -> str:
    """Say what runs here and link the routes."""
    paths = sorted(rule.rule for rule in current_app.url_map.iter_rules() if rule.endpoint.startswith("load."))
    return render_template("index.html", paths=paths, server=request.environ.get("SERVER_SOFTWARE"), pid=os.getpid())


@blueprint.route("/io", methods=["GET", "POST"])
def io() -> dict[str, float]:
    """Wait, as an app that calls a remote API does."""
    ms = milliseconds("ms", 100, MAX_WAIT_MS)
    work.wait(ms)
    return {"waited_ms": ms}


@blueprint.get("/cpu")
def cpu() -> dict[str, float]:
    """Compute, as an app that renders or parses does."""
    ms = milliseconds("ms", 20, MAX_CPU_MS)
    work.burn(ms)
    return {"cpu_ms": ms}


@blueprint.get("/mixed")
def mixed() -> dict[str, float]:
    """Wait, then compute: most real requests."""
    io_ms = milliseconds("io_ms", 80, MAX_WAIT_MS)
    cpu_ms = milliseconds("cpu_ms", 5, MAX_CPU_MS)
    work.wait(io_ms)
    work.burn(cpu_ms)
    return {"waited_ms": io_ms, "cpu_ms": cpu_ms}


@blueprint.get("/healthz")
def healthz() -> str:
    """Answer at once: for the container's and App Service's health checks."""
    return "ok\n"
