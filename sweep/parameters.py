"""The types of the command line's options, and one line for a value that is none of its type's."""

from __future__ import annotations

import difflib
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import gunicorn.config

import plans
from explain_main import DEFAULT, BadLocustfileError, by_default, located
from sweep import ROOT
from sweep.errors import BadOptionError
from sweep.options import SCENARIOS, Options, absolute

# The sweep sets these itself.
OWN = {
    "workers": "--workers",
    "threads": "--threads",
    "wsgi_app": "--app",
    "chdir": "--chdir",
    "config": "this repository's gunicorn.conf.py",
}
# With these gunicorn ends at once, or goes where the sweep cannot end it.
NEVER = ("daemon", "check_config", "print_config")


class Option(click.Option):
    """An option whose bad value ends in the option, the value, and what was expected."""

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """Convert a value."""
        try:
            return super().type_cast_value(ctx, value)
        except click.BadParameter as error:
            name = str(self.name).replace("_", "-")
            raise BadOptionError(name, value, expected(self.type) or error.message) from None


def expected(kind: click.ParamType[Any]) -> str | None:
    """Say what a type of click's takes; None for one that says so itself."""
    match kind:
        case click.IntRange():
            return f"a whole number from {kind.min} to {kind.max}"
        case click.FloatRange():
            return f"a number from {kind.min:g} to {kind.max:g}"
        case click.Choice():
            return f"one of {', '.join(map(str, kind.choices))}"
        case click.Path(exists=True):
            return "a folder that is there"
    return None


class Number(click.FloatRange):
    """A number within a range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Refuse what is in no range, for it is below and above nothing."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail("not a number", param, ctx)
        return number


class Numbers(click.ParamType[Any]):
    """Whole numbers from 1 on, separated by commas; each counts once."""

    name = "1,2,3"

    def __init__(self, most: int) -> None:
        """Take the highest."""
        self.each = click.IntRange(1, most)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Return them in order."""
        try:
            return tuple(sorted({self.each.convert(part, param, ctx) for part in value.split(",")}))
        except click.BadParameter:
            self.fail(f"whole numbers from 1 to {self.each.max}, separated by commas, for instance 1,2,3", param, ctx)


class Scenario(click.ParamType[Any]):
    """A scenario's name, or a locustfile, which becomes a path from the root: a sweep may go on from elsewhere."""

    name = "name|file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name or the path."""
        if value in SCENARIOS:
            return str(value)
        path: str = absolute(value)
        try:
            there = Path(path).is_file()
        except OSError:  # as where it is too long
            there = False
        if not there:
            self.fail(f"one of {', '.join(SCENARIOS)}, or a locustfile that is there", param, ctx)
        return path


class Pause(click.ParamType[Any]):
    """Seconds, or from the shortest to the longest, as the scenarios take them."""

    name = "seconds"
    pattern = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(?:-(\d{1,6}(?:\.\d{1,6})?))?", re.ASCII)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it without the spaces around it."""
        match = self.pattern.fullmatch(value.strip())
        if not match or float(match[1]) > float(match[2] or match[1]):
            self.fail("seconds, for instance 2, or from the shortest to the longest, 1-3", param, ctx)
        return str(match[0])


class App(click.ParamType[Any]):
    """MODULE:NAME, also with a call."""

    name = "module:name"
    pattern = re.compile(r"\w[\w.-]*(:[A-Za-z_][\w.]*(\(.*\))?)?")  # a Django project's folder may be my-site

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it."""
        if not self.pattern.fullmatch(value):
            self.fail("MODULE:NAME, for instance app:app", param, ctx)
        return str(value)


class Program(click.ParamType[Any]):
    """A program, by its name or by its path, which becomes one from the root."""

    name = "path"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> str:
        """Return the name or the path. Whether it can be run shows when it is."""
        return absolute(value)


class Held(click.ParamType[Any]):
    """SETTING=VALUE: one of gunicorn's settings, held fixed. Its value is for gunicorn.conf.py to check."""

    name = "setting=value"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> tuple[str, str]:
        """Return name and value."""
        name, _, text = value.partition("=")
        name, text = name.strip().lower().replace("-", "_"), text.strip()
        if reason := self.refusal(name, text):
            raise BadOptionError("gunicorn", value, reason)
        return name, text

    def refusal(self, name: str, text: str) -> str | None:
        """Return what was expected instead; None if it is right."""
        if not text:
            return "SETTING=VALUE, for instance preload_app=true"
        if name in OWN:
            return f"no {name}: that is for {OWN[name]}"
        if name in NEVER:
            return f"no {name}: gunicorn would not stay with the sweep"
        declared = gunicorn.config.make_settings()
        if name not in declared:
            near = difflib.get_close_matches(name, declared, n=1)
            return "a setting that gunicorn has" + (f": did you mean {near[0]}?" if near else "")
        if name == "bind" and not re.fullmatch(r"(127\.0\.0\.1|localhost):[1-9]\d{0,4}", text):
            return "bind=127.0.0.1:PORT, as Locust runs on this machine"
        return None


def own_scenario(environ: Mapping[str, str] = os.environ) -> str:
    """Return the scenario if nobody has named one: what Locust's container would run by itself.

    Raises:
        BadOptionError: LOCUST_LOCUSTFILE names none.
    """
    # Where the folder that APP_DIR names is, if it isn't there.
    app = Path(environ.get("APP_MOUNT") or environ.get("APP_DIR", ""))
    name = environ.get("LOCUST_LOCUSTFILE", "")
    try:
        path = located(name, environ, app) if name not in ("", DEFAULT) else by_default(environ, app)
    except BadLocustfileError as error:
        raise BadOptionError("scenario", name, str(error).partition("expected ")[2]) from None
    stem = "io_bound" if path == DEFAULT else path.removesuffix(".py")
    return stem if stem in SCENARIOS else str(ROOT / "locustfiles" / path)


SCENARIO, FOLDER, PLAN = (
    Scenario(),
    click.Path(exists=True, file_okay=False, resolve_path=True),
    click.Choice(list(plans.load())),
)


def check(options: Options) -> None:
    """Refuse what is not there any more, of a sweep that goes on.

    Raises:
        BadOptionError: with the option.
    """
    for name, kind in (("scenario", SCENARIO), ("chdir", FOLDER), ("plan", PLAN)):
        value = getattr(options, name)
        try:
            kind.convert(value, None, None)
        except click.BadParameter as error:
            raise BadOptionError(name, value, expected(kind) or error.message) from None
