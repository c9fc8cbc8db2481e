"""What a sweep can be asked, and one line for what it cannot.

The options are checked here and not by click, so that every bad value ends in the same way: the option, the value,
and what was expected.
"""

from __future__ import annotations

import difflib
import math
import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import gunicorn.config

import plans
from sweep import ROOT

SCENARIOS = ("io_bound", "cpu_bound", "mixed")
# Beyond these a machine that holds gunicorn and Locust measures itself.
MOST_USERS, MOST_WORKERS, MOST_THREADS, MOST_SECONDS, MOST_REPEATS = 10_000, 128, 1000, 3600.0, 20
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
APP = re.compile(r"[A-Za-z_][\w.]*(:[A-Za-z_][\w.]*(\(.*\))?)?")


class BadOptionError(Exception):
    """An option that cannot be used, in one line."""

    def __init__(self, name: str, value: object, expected: str) -> None:
        """Name the option, its value, and what was expected."""
        super().__init__(f"--{name}={value}: expected {expected}")


@dataclass(frozen=True)
class Options:
    """A sweep's options; the names are those of the command line.

    Attributes:
        workers, threads: the grid; () lets the sweep decide.
        users: number of Locust's users.
        scenario: a scenario's name, or the path of a locustfile.
        app: MODULE:NAME; None lets gunicorn.conf.py find one.
        chdir: the app's folder.
        python: the interpreter that runs gunicorn and the app.
        plan: an App Service plan.
        max_p95: in ms; None for any.
        repeats: runs of each setting that could be the best.
        seconds: of each run; None lets the app's response time decide.
        start_seconds: how long the app may take to start.
        gunicorn: settings held fixed, by name.
        share_cores: let gunicorn and Locust use the same cores.
        seed: of the order in which settings are measured.
    """

    workers: tuple[int, ...] = ()
    threads: tuple[int, ...] = ()
    users: int = 36
    scenario: str = "io_bound"
    app: str | None = None
    chdir: str = str(ROOT)
    python: str = sys.executable
    plan: str = "B1"
    max_p95: float | None = None
    repeats: int = 3
    seconds: float | None = None
    start_seconds: float = 60.0
    gunicorn: Mapping[str, str] = field(default_factory=dict)
    share_cores: bool = False
    seed: int = 1

    @property
    def locustfile(self) -> Path:
        """The scenario's file."""
        return ROOT / "locustfiles" / f"{self.scenario}.py" if self.scenario in SCENARIOS else Path(self.scenario)

    @property
    def scenario_name(self) -> str:
        """The scenario's name without a folder."""
        return self.locustfile.stem

    def as_json(self) -> dict[str, Any]:
        """Return the options for sweep.json."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Options:
        """Return the options that a sweep.json holds."""
        known = {name: data[name] for name in (field.name for field in fields(cls)) if name in data}
        return cls(**known | {name: tuple(data.get(name, ())) for name in ("workers", "threads")})

    def command(self, out: Path) -> str:
        """Return the command that repeats the sweep into another folder."""
        words = ["python", "-m", "sweep"]
        for option in fields(self):
            name, value = option.name.replace("_", "-"), getattr(self, option.name)
            if name == "gunicorn":
                for setting, text in value.items():
                    words += ["--gunicorn", f"{setting}={text}"]
            elif value is True:
                words.append(f"--{name}")
            elif name == "python" and value == absolute(os.environ.get("SWEEP_PYTHON", "")):
                continue  # the image and `make sweep` set it anyway
            elif name in ("seed", "users", "scenario", "plan") or value != getattr(Options(), option.name):
                words += [f"--{name}", ",".join(map(str, value)) if isinstance(value, tuple) else f"{value}"]
        return shlex.join([*words, "--out", str(out)])


def parse(given: Mapping[str, Any]) -> Options:
    """Return the options.

    Args:
        given: texts by name, as on the command line; what was not given is not there.

    Raises:
        BadOptionError: a value that cannot be used.
    """
    values: dict[str, Any] = dict(given)
    limits: dict[str, tuple[float, float]] = {
        "users": (1, MOST_USERS),
        "repeats": (1, MOST_REPEATS),
        "seed": (0, 2**32 - 1),
    }
    for name, (least, most) in limits.items():
        if name in values:
            values[name] = whole(name, values[name], int(least), int(most))
    for name, most in (("workers", MOST_WORKERS), ("threads", MOST_THREADS)):
        if name in values:
            values[name] = numbers(name, values[name], most)
    for name, least, most in (
        ("seconds", 1.0, MOST_SECONDS),
        ("start_seconds", 1.0, MOST_SECONDS),
        ("max_p95", 0.1, 1e6),
    ):
        if name in values:
            values[name] = number(name.replace("_", "-"), values[name], least, most)
    if "gunicorn" in values:
        values["gunicorn"] = held(values["gunicorn"])
    for name in ("python", "chdir", "scenario"):  # a sweep may go on from another folder
        if name in values and (name != "scenario" or values[name] not in SCENARIOS):
            values[name] = absolute(values[name])
    options = Options(**values)
    check(options)
    return options


def check(options: Options) -> None:
    """Refuse what is not there."""
    if options.plan not in plans.load():
        raise BadOptionError("plan", options.plan, f"one of {', '.join(plans.load())}")
    if options.scenario not in SCENARIOS and not is_there(options.locustfile, Path.is_file):
        raise BadOptionError(
            "scenario", options.scenario, f"one of {', '.join(SCENARIOS)}, or a locustfile that is there"
        )
    if not is_there(Path(options.chdir), Path.is_dir):
        raise BadOptionError("chdir", options.chdir, "a folder that is there")
    if options.app is not None and not APP.fullmatch(options.app):
        raise BadOptionError("app", options.app, "MODULE:NAME, for instance app:app")


def is_there(path: Path, what: Callable[[Path], bool]) -> bool:
    """Whether a path leads to what is asked for. One that the system refuses, for instance as too long, does not."""
    try:
        return what(path)
    except (OSError, ValueError):
        return False


def absolute(path: str) -> str:
    """Return a path from the root, a link kept as it is (a virtualenv's Python is one); a name alone stays one."""
    there = os.sep in path or is_there(Path(path), Path.exists)
    return os.path.abspath(path) if there else path  # noqa: PTH100 would follow no link either, but drops no ..


def whole(name: str, text: str, least: int, most: int) -> int:
    """Parse a whole number."""
    text = text.strip()
    if not (re.fullmatch(r"\d{1,20}", text) and least <= int(text) <= most):
        raise BadOptionError(name, text, f"a whole number from {least} to {most}")
    return int(text)


def numbers(name: str, text: str, most: int) -> tuple[int, ...]:
    """Parse whole numbers, separated by commas; each counts once."""
    expected = f"whole numbers from 1 to {most}, separated by commas, for instance 1,2,3"
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"\d{1,9}", part) and 1 <= int(part) <= most for part in parts):
        raise BadOptionError(name, text, expected)
    return tuple(sorted({int(part) for part in parts}))


def number(name: str, text: str, least: float, most: float) -> float:
    """Parse a number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise BadOptionError(name, text, f"a number from {least:g} to {most:g}")
    return value


def held(texts: Sequence[str]) -> dict[str, str]:
    """Parse the settings that are held fixed: SETTING=VALUE. Their values are gunicorn.conf.py's to check."""
    declared = gunicorn.config.make_settings()
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip().lower().replace("-", "_")
        if not equals or not value.strip():
            raise BadOptionError("gunicorn", text, "SETTING=VALUE, for instance preload_app=true")
        if name in OWN:
            raise BadOptionError("gunicorn", text, f"no {name}: that is for {OWN[name]}")
        if name in NEVER:
            raise BadOptionError("gunicorn", text, f"no {name}: gunicorn would not stay with the sweep")
        if name not in declared:
            near = difflib.get_close_matches(name, declared, n=1)
            hint = f": did you mean {near[0]}?" if near else ""
            raise BadOptionError("gunicorn", text, f"a setting that gunicorn has{hint}")
        if name == "bind" and not re.fullmatch(r"(127\.0\.0\.1|localhost):[1-9]\d{0,4}", value.strip()):
            raise BadOptionError("gunicorn", text, "bind=127.0.0.1:PORT, as Locust runs on this machine")
        found[name] = value.strip()
    return found
