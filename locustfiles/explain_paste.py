"""The lines to paste for what a verdict suggests, each for another place where the app may run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import NamedTuple

from explain_types import Paste, SettingInForce

# gunicorn's options for the variables that verdicts name.
OPTIONS = {
    "GUNICORN_WORKERS": ("--workers", "-w"),
    "GUNICORN_THREADS": ("--threads",),
    "GUNICORN_WORKER_CLASS": ("--worker-class", "-k"),
    "GUNICORN_WORKER_CONNECTIONS": ("--worker-connections",),
    "GUNICORN_KEEPALIVE": ("--keep-alive",),
    "GUNICORN_MAX_REQUESTS": ("--max-requests",),
    "GUNICORN_MAX_REQUESTS_JITTER": ("--max-requests-jitter",),
}
# What App Service's own images read, too; all three or none.
PLATFORM = {
    "GUNICORN_WORKERS": "PYTHON_GUNICORN_CUSTOM_WORKER_NUM",
    "GUNICORN_THREADS": "PYTHON_GUNICORN_CUSTOM_THREAD_NUM",
}
EXACT = {"GUNICORN_WORKER_CLASS": "gunicorn_slots.SlotWorker"}


class Started(NamedTuple):
    """How the app under test was started, as far as Locust can know: what of it a line to paste must not lose.

    Attributes:
        compose: whether by this project's Compose.
        app_dir, startup_command: the variables of that name there; "" without one.
    """

    compose: bool = False
    app_dir: str = ""
    startup_command: str = ""


UNKNOWN = Started()


def started(environ: Mapping[str, str]) -> Started:
    """Return what Compose tells Locust's container; HOST_PWD is there in no other place."""
    told = (environ.get(name, "") for name in ("APP_DIR", "STARTUP_COMMAND"))
    return Started(True, *told) if "HOST_PWD" in environ else UNKNOWN


def pastes(variables: dict[str, str], setting: SettingInForce, how: Started) -> list[Paste]:
    """Return the lines that set these variables, the likeliest place first; none for no variables.

    A line for gunicorn has the setting in force in it, as whoever pastes it may have set that in the line before.
    """
    if not variables:
        return []
    if any(name in OPTIONS for name in variables):
        variables = in_force(setting) | variables
    # Without the files and the --scale that several instances were started with, Compose would end them.
    line = compose_line(variables, how) if how.compose and (setting.instances or 1) == 1 else ""
    found = [Paste("compose", line)] if line else []
    if any(name in OPTIONS for name in variables):
        found.append(Paste("startup", with_options(how.startup_command, exact(variables)) or usual(exact(variables))))
    if not any(name.startswith("LOCUST_") for name in variables):
        found.append(Paste("settings", settings_line(variables)))
        found.append(Paste("env", "\n".join(assignments(variables))))
    return found


def in_force(setting: SettingInForce) -> dict[str, str]:
    """Return the setting in force as variables; no threads for a worker class that is not bounded by them."""
    found = {"GUNICORN_WORKERS": setting.workers, "GUNICORN_THREADS": setting.threads if setting.slots else None}
    return {name: str(value) for name, value in found.items() if value}


def compose_line(variables: Mapping[str, str], how: Started) -> str:
    """Return the line for a shell in this project's folder; "" where nobody can know what one would do.

    The options of a startup command win over variables, and those of a script are not known.
    """
    kept = {"APP_DIR": how.app_dir} if how.app_dir else {}
    if how.startup_command:
        ours = {name: value for name, value in variables.items() if name in OPTIONS}
        command = with_options(how.startup_command, ours) if ours else how.startup_command
        if not command:
            return ""
        kept["STARTUP_COMMAND"] = command
        variables = {name: value for name, value in variables.items() if name not in ours}
    return " ".join([*assignments(kept | dict(variables)), "docker compose up"])


def usual(variables: Mapping[str, str]) -> str:
    """Return the startup command that App Service's users write; app:app stands for their module and its object."""
    options = [word for name, value in variables.items() if name in OPTIONS for word in (OPTIONS[name][0], value)]
    return " ".join(["gunicorn --bind=0.0.0.0 --timeout 600", *map(quoted, options), "app:app"])


def settings_line(variables: Mapping[str, str]) -> str:
    """Return the Azure CLI's command; RG and APP stand for one's own."""
    named = {PLATFORM.get(name, name): value for name, value in exact(variables).items()}
    if set(PLATFORM.values()) & set(named):
        named = {"PYTHON_ENABLE_GUNICORN_MULTIWORKERS": "true"} | named
    return " ".join(["az webapp config appsettings set -g RG -n APP --settings", *assignments(named)])


def exact(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for a place where another configuration may be in force: a class to leave unset is named."""
    named = EXACT if "GUNICORN_WORKER_CLASS" in variables else {}
    return {name: value for name, value in variables.items() if value} | named


def assignments(variables: Mapping[str, str]) -> list[str]:
    """Return NAME=value for each, as a shell reads it."""
    return [f"{name}={quoted(value)}" for name, value in variables.items()]


def quoted(value: str) -> str:
    """Return a value as a shell reads it, in double quotes where that is all it needs."""
    if not value or shlex.quote(value) == value:
        return value
    return shlex.quote(value) if set(value) & set('"$`\\!') else f'"{value}"'


def with_options(command: str, variables: Mapping[str, str]) -> str:
    """Return a gunicorn command line with these variables as its options; "" for another kind of command.

    An option that is there already gets the new value, one to leave unset goes, and further ones are added at the end,
    where they win.
    """
    try:
        words = shlex.split(command)
    except ValueError:
        return ""
    if not any(word.rpartition("/")[2] == "gunicorn" for word in words) or re.search(r"[;&|<>`$\n]", command):
        return ""
    left = dict(variables)
    for name, flags in OPTIONS.items():
        if name in variables:
            words = replaced(words, flags, left, name)
    for name, value in left.items():
        if value and name in OPTIONS:
            words += [OPTIONS[name][0], value]
    return shlex.join(words)


def replaced(words: list[str], flags: tuple[str, ...], left: dict[str, str], name: str) -> list[str]:
    """Return the words with a flag's value from `left`, which loses it where the flag was there."""
    found, rest = [], iter(words)
    for word in rest:
        flag, equals, _ = word.partition("=")
        short = word[:2] if len(word) > 2 and word[:2] in flags else ""
        if flag not in flags and not short:
            found.append(word)
            continue
        if not equals and not short:
            next(rest, None)
        value = left.pop(name, "")
        if value:
            found += [f"{flag}={value}"] if equals and not short else [short or flag, value]
    return found
