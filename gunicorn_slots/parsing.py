# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""From a variable's text to a value, or to one line that says what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Sequence

TRUE_OR_FALSE = "true or false"

# Sources that are no variable's name, although they look like one: what they hold names the setting itself.
OF_MANY_SETTINGS = ("GUNICORN_CMD_ARGS",)
# Settings of NAME=VALUE entries: nobody but the app need know the values.
NAMES_ALONE = ("raw_env", "raw_paste_global_conf")


class BadSettingError(Exception):
    """A value that cannot be used: what it is called, the value, and what was expected, in one line."""

    def __init__(self, name: str, value: object, expected: str, source: str = "") -> None:
        """Name the variable if `source` is one, else the setting and where it stands."""
        if name in NAMES_ALONE and isinstance(value, list):
            value = names_alone(value)
        if source.isupper() and source not in OF_MANY_SETTINGS:
            name, source = source, ""
        super().__init__(f"{name}={shortened(str(value))}{source and f' ({source})'}: {expected}")


def names_alone(entries: Sequence[object]) -> str:
    """Return NAME=VALUE entries without the values; of one without a name, which may be half a value, nothing."""
    return ",".join(f"{entry.partition('=')[0]}=..." if "=" in entry else "..." for entry in map(str, entries))


def shortened(text: str, most: int = 200) -> str:
    """Return a text as one line that fits on a screen."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}… ({len(text)} characters)"


def parse_flag(name: str, text: str) -> bool:
    """Parse a true/false variable, in every spelling that App Service takes."""
    if text in ("1", "t", "T", "TRUE", "true", "True"):
        return True
    if text in ("0", "f", "F", "FALSE", "false", "False"):
        return False
    raise BadSettingError(name, text, f"expected {TRUE_OR_FALSE}")


def parse_count(name: str, text: str, least: int = 1, most: int | None = None) -> int:
    """Parse a whole number within bounds."""
    # No number of this world has more digits, and Python refuses some thousands.
    if re.fullmatch(r"[0-9]{1,20}", text) and least <= int(text) <= (int(text) if most is None else most):
        return int(text)
    raise BadSettingError(name, text, f"expected {kind_of_count(least, most)}")


def kind_of_count(least: int, most: int | None) -> str:
    """Say in words what a whole number within bounds is."""
    return f"a whole number, {least} or more" if most is None else f"a whole number, {least} to {most}"
