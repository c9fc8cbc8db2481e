# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""Where an app's variables go, said to one that does not start as it misses one. APP_VARIABLES_IN names the file.

Whoever runs the app sets that; elsewhere nobody knows of such a file, and nothing is said. It is no SLOT_ name, as an
older copy of this package would refuse it.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Mapping, Sequence

VARIABLE = "APP_VARIABLES_IN"
# What libraries and people say of a variable; the first of these that is found tells which one it is.
NAMED = (
    re.compile(r"""(?i:\benvironment variable):? (?:["'`](\w+)["'`]|([A-Z][A-Z0-9_]+)\b)"""),
    re.compile(r"""\b([A-Z][A-Z0-9_]+)["'`]? environment variable\b"""),
    re.compile(r"^(\w+) not found\. Declare it as envvar\b"),  # decouple
    re.compile(r"""["'](\w+)["']: \[["']Environment variable not set\b"""),  # environs
)
# Classes that read their fields from the environment; pydantic's others do not.
SETTINGS = ("pydantic_settings", "pydantic.env_settings")
FIELD = re.compile(r"^\s+[Ff]ield required [\[(]type=", re.MULTILINE)


def hint(errors: Sequence[BaseException], environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return a line on where variables go, if an app misses one and that is known.

    Args:
        errors: what it has raised, and what that came from or after.
        environ: what it was started with.
    """
    file = environ.get(VARIABLE, "").strip()
    if not file or not misses_one(errors, environ):
        return []
    return [f"  the app's variables go into {file} in its folder, or into a file that APP_ENV_FILE names"]


def misses_one(errors: Sequence[BaseException], environ: Mapping[str, str]) -> bool:
    """Whether an app does not start for want of a variable.

    One that it asked for before, and did without, is a reason only if the exception says so.
    """
    text, is_cause = str(errors[0]), True
    for one in errors:
        key = asked_for(one)
        if key and (is_cause or re.search(rf"\b{re.escape(key)}\b", text)):
            return True
        if is_cause and (names_one(str(one), environ) or lacks_field(one)):
            return True
        is_cause = is_cause and one.__cause__ is not None  # else the next one was only raised before it
    return False


def asked_for(error: BaseException) -> str:
    """Return the name for which os.environ was asked when it raised this; "" for anything else's KeyError."""
    if not isinstance(error, KeyError) or len(error.args) != 1:
        return ""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    asked = frames[-1].f_locals.get("self") if frames and frames[-1].f_code.co_name == "__getitem__" else None
    return os.fsdecode(error.args[0]) if asked is os.environ or asked is os.environb else ""


def names_one(text: str, environ: Mapping[str, str]) -> bool:
    """Whether a message speaks of a variable, and that one is not set, or to nothing."""
    for pattern in NAMED:
        if found := pattern.search(text):
            return not environ.get(next(filter(None, found.groups())))
    return False


def lacks_field(error: BaseException) -> bool:
    """Whether a class of settings, which come from the environment, lacks a field."""
    modules = [str(frame.f_globals.get("__name__")) for frame, _ in traceback.walk_tb(error.__traceback__)]
    return any(module.startswith(SETTINGS) for module in modules) and bool(FIELD.search(str(error)))
