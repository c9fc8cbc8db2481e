# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""From a variable's text to a value, or to one line that says what is wrong with it."""

from __future__ import annotations

import re

TRUE_OR_FALSE = "true or false"

# Sources that are no variable's name, although they look like one: what they hold names the setting itself.
OF_MANY_SETTINGS = ("GUNICORN_CMD_ARGS",)


class BadSettingError(Exception):
    """A value that cannot be used: what it is called, the value, and what was expected, in one line."""

    def __init__(self, name: str, value: object, expected: str, source: str = "") -> None:
        """Name the variable if `source` is one, else the setting and where it stands."""
        if source.isupper() and source not in OF_MANY_SETTINGS:
            name, source = source, ""
        super().__init__(f"{name}={value}{source and f' ({source})'}: {expected}")


def parse_flag(name: str, text: str) -> bool:
    """Parse a true/false variable, in every spelling that App Service takes."""
    if text in ("1", "t", "T", "TRUE", "true", "True"):
        return True
    if text in ("0", "f", "F", "FALSE", "false", "False"):
        return False
    raise BadSettingError(name, text, f"expected {TRUE_OR_FALSE}")


def parse_count(name: str, text: str, least: int = 1, most: int | None = None) -> int:
    """Parse a whole number within bounds."""
    if re.fullmatch(r"\d+", text) and int(text) >= least and (most is None or int(text) <= most):
        return int(text)
    bounds = f"{least} or more" if most is None else f"{least} to {most}"
    raise BadSettingError(name, text, f"expected a whole number, {bounds}")
