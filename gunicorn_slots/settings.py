# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""What will be in force: a configuration file's values, before them the environment, before that the command line."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import gunicorn.config

from gunicorn_slots import exactness, note, server_timing
from gunicorn_slots.entry import check_module, find_entry, serving_path
from gunicorn_slots.environment import from_environment, kind_of
from gunicorn_slots.limits import Limits, variable
from gunicorn_slots.names import DECLARED, check_known, is_hook, taken
from gunicorn_slots.parsing import BadSettingError, shortened
from gunicorn_slots.preflight import check_surroundings, check_values

FILE = "gunicorn.conf.py"

SLOT_VARIABLES = (*map(variable, Limits._fields), exactness.ANY_VERSION, note.VARIABLE)

Result = TypeVar("Result")


class Settings(NamedTuple):
    """What a configuration file shall say in the end.

    Attributes:
        values: setting to value; gunicorn itself puts GUNICORN_CMD_ARGS and the command line on top of them.
        sources: setting to where it came from, for each that is in force and not gunicorn's default.
        debug: a FLASK_DEBUG that was taken out of the environment; "" without one.
    """

    values: dict[str, Any]
    sources: dict[str, str]
    debug: str


def settle(file: Mapping[str, Any], environ: Any, argv: Sequence[str]) -> Settings:
    """Return the settings, checked. A bad value ends the process with one line.

    Args:
        file: a configuration file's names; those that are no settings do not matter.
        environ: the environment. FLASK_DEBUG is taken out of it: the app would read it, and debug mode is not for a
            server.
        argv: the command line without the program's name.
    """
    if "SERVER_SOFTWARE" not in environ:
        note.clear(environ)

    def settled() -> tuple[dict[str, Any], dict[str, str]]:
        found = resolve(file, environ, argv)
        check_worker_variables(environ)
        return found

    values, sources = ended_by(settled)
    on = environ.get("FLASK_DEBUG", "").lower() not in ("", "0", "false", "no")
    return Settings(values, sources, environ.pop("FLASK_DEBUG") if on else "")


def ended_by(check: Callable[[], Result]) -> Result:
    """Return what a check returns; a bad setting ends the process with one line, and leaves a note of it."""
    try:
        return check()
    except BadSettingError as error:
        line = f"{FILE}: {error}"
        note.write(line)
        raise SystemExit(1 if note.was_said(line) else line) from None


def resolve(
    file: Mapping[str, Any], environ: Mapping[str, str], argv: Sequence[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values and their sources, see `Settings`.

    Raises:
        BadSettingError: any value, from wherever it comes, that gunicorn would choke on later.
    """
    # A file may name what an older gunicorn does not have yet, and gunicorn ignores that, too.
    named = {name: value for name, value in file.items() if name in DECLARED and not (value is None or is_hook(name))}
    values = {name: as_gunicorn_takes_it(name, value) for name, value in named.items()}
    sources = dict.fromkeys(values, FILE)
    for name, (value, source) in from_environment(environ).items():
        values[name], sources[name] = value, source
    args, env_args = command_line(argv, environ)
    in_force = dict(values)
    for origin, namespace in (("GUNICORN_CMD_ARGS", env_args), ("command line", args)):
        for name, value in vars(namespace).items():
            if name in DECLARED and value is not None:
                in_force[name], sources[name] = value, origin
    check_values(in_force, sources)
    folder = in_force.get("chdir") or os.getcwd()
    app = args.args[0] if args.args else in_force.get("wsgi_app")
    if not app and not args.paste:
        app = values["wsgi_app"] = find_entry(folder)
        sources["wsgi_app"] = "found"
    if "SERVER_SOFTWARE" not in environ:  # the arbiter sets it; so this is not HUP, and nothing is served yet
        check_surroundings(in_force, sources)
        if app and not args.paste:
            check_module(app, [folder, *serving_path(folder, in_force.get("pythonpath"))])
    return values, sources


def check_worker_variables(environ: Mapping[str, str]) -> None:
    """Refuse bad values of what is no setting of gunicorn's, but is read by a worker.

    Raises:
        BadSettingError: the first one.
    """
    check_known(environ, "SLOT_", SLOT_VARIABLES)
    Limits.of(environ)
    server_timing.wanted(environ)
    exactness.why_settings_alone(environ)


def check_or_end(environ: Mapping[str, str]) -> None:
    """End the process with one line if a worker would read a bad value."""
    try:
        check_worker_variables(environ)
    except BadSettingError as error:
        raise SystemExit(f"gunicorn_slots: {error}") from None


def as_gunicorn_takes_it(name: str, value: Any) -> Any:
    """Return what gunicorn makes of a file's value: a number of its text, say.

    Raises:
        BadSettingError: gunicorn refuses it.
    """
    try:
        made = taken(name, value)
    except Exception as error:
        raise BadSettingError(name, value, f"expected {kind_of(name)} ({shortened(str(error))})", FILE) from None
    return made if DECLARED[name].type is int else value


def command_line(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[Namespace, Namespace]:
    """Parse the command line and GUNICORN_CMD_ARGS with gunicorn's parser; it did so before, without error."""
    cfg = gunicorn.config.Config()
    cfg.env_orig = dict(environ)
    parser = cfg.parser()
    return parser.parse_known_args(list(argv))[0], parser.parse_args(cfg.get_cmd_args_from_env())
