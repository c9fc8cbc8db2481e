# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""Which variables are ours, which of GUNICORN_* are somebody else's, and what a misspelt one was likely meant to be."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import gunicorn.config

from gunicorn_slots.parsing import BadSettingError

DECLARED = gunicorn.config.make_settings()


def taken(name: str, value: Any) -> Any:
    """Return what gunicorn makes of a value; raises whatever its validator does."""
    setting = DECLARED[name].copy()
    setting.set(value)
    return setting.get()


# What gunicorn itself keeps in the environment under its own prefix, and what images call the version they install.
NOT_SETTINGS = ("GUNICORN_CMD_ARGS", "GUNICORN_PID", "GUNICORN_FD", "GUNICORN_DIRTY_SOCKET", "GUNICORN_VERSION")

# What Kubernetes injects into every pod for a Service called gunicorn, or gunicorn-something; and Docker for a linked
# container of such a name, with the other's whole environment.
SERVICE = re.compile(
    r"GUNICORN_(\w+_)?(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|ADDR|(PORT_?)?(START|END)?))?)"
)
SERVICE_PORT = re.compile(r"(tcp|udp|sctp)://")  # GUNICORN_PORT=tcp://10.0.0.1:80
LINKED = re.compile(r"GUNICORN_(\w+_)?ENV_\w+")
LINK_NAME = re.compile(r"/[^/]+/[^/]+")  # GUNICORN_NAME=/web/gunicorn

# Where gunicorn is told so instead. A container whose server detaches itself has ended.
ELSEWHERE = {
    "config": "on the command line: -c names the config file",
    "check_config": "on the command line: gunicorn ends after it",
    "print_config": "on the command line: gunicorn ends after it",
    "daemon": "on the command line, and in no container: the container would end at once",
    "paste": "on the command line: --paste names a file that has the app",
    "ssl_version": "nowhere, as gunicorn ignores it: define the hook ssl_context in gunicorn.conf.py",
}


def is_somebody_elses(variable: str, text: str) -> bool:
    """Whether a variable under GUNICORN_ is none of a person who configures gunicorn."""
    if variable in NOT_SETTINGS or SERVICE.fullmatch(variable) or LINKED.fullmatch(variable):
        return True
    if variable.endswith("_PORT") and SERVICE_PORT.match(text):
        return True
    return variable.endswith("_NAME") and bool(LINK_NAME.fullmatch(text))


def setting_of(variable: str, text: str) -> str:
    """Return the setting that GUNICORN_<SETTING> names.

    Raises:
        BadSettingError: there is none of that name, or none for the environment.
    """
    name = variable.removeprefix("GUNICORN_").lower()
    if name not in DECLARED:
        name = meant(name)
        if name in ELSEWHERE:
            raise BadSettingError(variable, text, f"gunicorn has no such setting: expected {ELSEWHERE[name]}")
        hint = f": did you mean GUNICORN_{name.upper()}?" if name else ""
        raise BadSettingError(variable, text, f"gunicorn has no such setting{hint}")
    if is_hook(name):
        expected = "expected no such variable: a hook is a function, define it in gunicorn.conf.py"
        raise BadSettingError(variable, text, expected)
    if name in ELSEWHERE:
        raise BadSettingError(variable, text, f"expected {ELSEWHERE[name]}")
    return name


def is_hook(name: str) -> bool:
    """Whether a setting is a function that gunicorn calls."""
    return callable(type(DECLARED[name]).default)


def meant(name: str) -> str:
    """Return the setting that a person likely meant, "" if nothing is near."""
    if name.startswith("conf"):
        return "config"
    settable: list[str] = [name for name in DECLARED if not is_hook(name) and name not in ELSEWHERE]
    said = {setting.replace("_", ""): setting for setting in settable}  # access_log is accesslog
    said |= {option.replace("_", ""): setting for option, setting in options().items()}  # preload is preload_app
    if (plain := name.replace("_", "")) in said:
        return said[plain]
    longer = [setting for setting in settable if setting.startswith(f"{name}_")]
    if len(longer) == 1:
        return longer[0]
    near = difflib.get_close_matches(name, [*settable, "cmd_args"], n=1)
    return near[0] if near else ""


def options() -> dict[str, str]:
    """Return gunicorn's long options, without dashes, and the settings that they are of."""
    found: dict[str, str] = {}
    for setting, declared in DECLARED.items():
        for option in declared.cli or ():
            if option.startswith("--"):
                found[option[2:].replace("-", "_")] = setting
    return found


def check_known(environ: Mapping[str, str], prefix: str, known: Iterable[str]) -> None:
    """Refuse a variable that has our prefix and is none of ours.

    Raises:
        BadSettingError: the first one, with what was likely meant.
    """
    known = list(known)
    for variable in sorted(name for name in environ if name.startswith(prefix)):
        if variable not in known and environ[variable].strip():
            near = difflib.get_close_matches(variable, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(known)}"
            raise BadSettingError(variable, environ[variable], f"there is no such variable: {hint}")
