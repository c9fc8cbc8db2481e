"""The command that repeats a sweep, as whoever started it would type it: Compose's, make's, or Python's."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from sweep.errors import BadOptionError
from sweep.options import Options
from sweep.parameters import own_scenario

# How the sweep was started: sweep/entrypoint.sh and the Makefile say it.
STARTED_BY = "SWEEP_COMMAND"
PYTHON, MAKE = "python -m sweep", "make sweep"
# What else decides what is measured, and the values that stand for none.
VARIABLES = {"APP_DIR": ("", "."), "LOCUST_LOCUSTFILE": ("", "scenarios.py"), "LOCUST_PATHS": ("", "/")}


def command(options: Options, environ: Mapping[str, str] = os.environ) -> str:
    """Return the command.

    Args:
        options: the sweep's.
        environ: says how it was started.
    """
    how = environ.get(STARTED_BY) or PYTHON
    out = Path("reports") / "again"
    if how == PYTHON:
        return f"{how} {shlex.join(options.words(out))}"
    known = ("scenario",) if options.scenario == usual_scenario(environ) else ()
    words = shlex.join(options.words(out, known))
    given = [
        f"{name}={shlex.quote(environ[name])}"
        for name, none in VARIABLES.items()
        if environ.get(name, "") not in none and (known or name == "APP_DIR")
    ]
    if how != MAKE:
        return " ".join([*given, how, words])
    # make itself takes a $ for the start of a name.
    return " ".join([*given, how, f"ARGS={shlex.quote(words)}".replace("$", "$$")])


def usual_scenario(environ: Mapping[str, str]) -> str | None:
    """Return the scenario if nobody names one on the command line; None if the variables name one that is not there."""
    try:
        return own_scenario(environ)
    except BadOptionError:
        return None
