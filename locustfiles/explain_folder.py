"""A run's folder: its name, its files, and how many of them stay.

    run.json        when it was, and what was asked of it
    analysis.json   the analysis, as docs/analysis.md has it
    report.html     the page, which opens without a network
    *.csv           Locust's tables, and the run over time

The newest 100 stay. What a person has renamed, or put a file of their own into, is nobody's but theirs.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from explain_places import near
from explain_types import SettingInForce

MOST = 100
NAME = re.compile(r"\d{8}-\d{6}-[A-Za-z0-9._-]{1,80}")
INFO, ANALYSIS, PAGE = "run.json", "analysis.json", "report.html"
TABLES = ("requests.csv", "failures.csv", "exceptions.csv", "timeline.csv")
FILES = {INFO, ANALYSIS, PAGE, *TABLES}
SAME_SECOND = 1000  # that many tests begin in no second
USUAL = "SlotWorker"


def name_of(begun: datetime, setting: SettingInForce) -> str:
    """Return a folder's name: when the run began, and its setting, of which nobody knows who has written it."""
    size = "unknown"
    if setting.workers is not None:
        size = f"{str(setting.workers)[:9]}x{str(setting.threads)[:9]}"
        if setting.worker_class and setting.worker_class != USUAL:
            size += "-" + (re.sub(r"[^A-Za-z0-9_]+", "-", setting.worker_class).strip("-")[:20] or "other")
        if setting.instances is not None and setting.instances > 1:
            size += f"-{str(setting.instances)[:9]}instances"
    return f"{begun:%Y%m%d-%H%M%S}-{size}"


def obstacle(place: Path) -> str | None:
    """Return one line on why nothing can be kept in a folder, None if it can; makes the folder."""
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return cannot(place, error.strerror)
    return None if os.access(place, os.W_OK | os.X_OK) else cannot(place, "it cannot be written to")


def cannot(place: Path, reason: str | None) -> str:
    """Say that nothing can be kept, and what can be done."""
    mend = f", as after `sudo chown {os.geteuid()} {near(place)}`" if place.is_dir() else ""
    return (
        f"no run is kept in {near(place)} ({reason}): expected a folder that user {os.geteuid()} can write to{mend}; "
        "LOCUST_REPORTS=off keeps none"
    )


def write(place: Path, name: str, files: Mapping[str, str], spare: Path | None = None) -> Path:
    """Write a run into a folder of its own, and take the oldest ones away if there are too many.

    Args:
        place: where the folders are.
        name: its own, to which a number is added if it is taken.
        files: their texts by name.
        spare: a folder that stays, however old.

    Raises:
        OSError: it cannot be written.
    """
    folder = claimed(place, name)
    for file, text in files.items():
        # Under another name first: whoever reads it never sees half of it. What an app says need not be valid Unicode.
        made = folder / f"{file}.new"
        made.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
        made.replace(folder / file)
    with contextlib.suppress(OSError):
        drop_oldest(place, spare)
    return folder


def claimed(place: Path, name: str) -> Path:
    """Make a folder that is not there yet."""
    place.mkdir(parents=True, exist_ok=True)
    for number in range(1, SAME_SECOND):
        folder = place / (name if number == 1 else f"{name}-{number}")
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            return folder
    raise FileExistsError(17, "there are too many of that name", str(place / name))


def drop_oldest(place: Path, spare: Path | None) -> None:
    """Take away all runs but the newest."""
    runs = sorted(path for path in place.iterdir() if NAME.fullmatch(path.name) and ours(path))
    for folder in runs[:-MOST]:
        if spare is None or not folder.samefile(spare):
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()


def ours(folder: Path) -> bool:
    """Whether nothing is in a folder but what is written here."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    inside = list(folder.iterdir())
    return folder / INFO in inside and all(path.name in FILES and not path.is_dir() for path in inside)


class Rows:
    """Takes the rows of a table as csv.writer does, and keeps a spreadsheet from taking a text for a formula."""

    def __init__(self) -> None:
        self.text = io.StringIO()
        self.writer = csv.writer(self.text)

    def writerow(self, row: Iterable[object]) -> None:
        """Add a row."""
        self.writer.writerow([harmless(value) for value in row])


def harmless(value: object) -> object:
    """Return a cell's value in one line, a formula as text."""
    if not isinstance(value, str):
        return value
    line = " ".join(value.split())
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line


def table(fill: Callable[[Rows], object]) -> str:
    """Return a table's text, which `fill` writes row by row."""
    rows = Rows()
    fill(rows)
    return rows.text.getvalue()
