"""Why a run failed, as the logs of gunicorn and Locust say it."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

LOG_LINES, LINE_LENGTH = 12, 400


class MeasurementError(Exception):
    """A run that failed, and why: one line, and below it what the log says."""

    def __init__(self, reason: str, log: Path | None = None) -> None:
        """Take the reason, which may have further lines, and the last lines of a log."""
        super().__init__("\n".join([reason, *(tail(log) if log else [])]))


class NotStartedError(MeasurementError):
    """A run whose app did not start, in the words of the app's own configuration, or with the last lines of its log."""


class TooShortError(MeasurementError):
    """A run in whose window no request ended."""


def tail(log: Path) -> list[str]:
    """Return a log's last lines, as they are worth reading: no colour, and of a traceback only what was raised."""
    try:
        text = log.read_bytes()[-65536:].decode(errors="replace")
    except OSError:
        return []
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in text.splitlines()]
    return [line[:LINE_LENGTH] for line in lines if line and not line.startswith(("  ", "Traceback "))][-LOG_LINES:]


def exceptions(folder: Path) -> str:
    """Return what the scenario raised, and where, a line each after a line's end; "" if nothing."""
    return table(folder / "locust_exceptions.csv", raised_at)


def failures(folder: Path) -> str:
    """Return which requests failed, and of what, a line each after a line's end; "" if none."""
    return table(folder / "locust_failures.csv", "{Occurrences} × {Name}: {Error}".format_map)


def table(path: Path, line: Callable[[dict[str, str]], str]) -> str:
    """Return the rows of a table that Locust wrote, each made a line; "" without one."""
    try:
        with path.open(newline="", encoding="utf-8", errors="replace") as file:
            rows = [line(row) for row in csv.DictReader(file)]
    except (OSError, KeyError, csv.Error):  # csv refuses a field of 128 kB, as where a whole page is the error
        return ""
    return "".join(f"\n{' '.join(row.split())[:LINE_LENGTH]}" for row in rows[:LOG_LINES])


def raised_at(row: dict[str, str]) -> str:
    """Return an exception that Locust counted, and where it came from."""
    places = [line.strip() for line in row["Traceback"].splitlines() if line.lstrip().startswith("File ")]
    return f"{row['Count']} × {row['Message']} ({places[-1] if places else 'no traceback'})"
