"""A sweep's folder: what it was asked, and a line for each finished run, written so that `kill -9` loses none.

`sweep.json` holds the options, the machine and the unloaded probe; it is replaced as a whole. `results.jsonl` is
appended to, flushed and synced with each run; a line that a kill tore apart is dropped when the sweep goes on.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

import explain_types
from explain_types import Analysis
from sweep.errors import SweepError
from sweep.records import SCHEMA, Info, Run

T = TypeVar("T")


class ResultsError(SweepError):
    """A folder that cannot be used: one line with its name, what is there and what was expected."""


@dataclass
class Results:
    """A sweep's folder, read."""

    folder: Path
    info: Info
    runs: list[Run]

    def save_info(self) -> None:
        """Replace sweep.json as a whole, so that no kill leaves half of it."""
        write_whole(self.folder / "sweep.json", indented(self.info))

    def save_recommendation(self, recommendation: Mapping[str, Any]) -> Path:
        """Replace recommendation.json, and return its path."""
        path = self.folder / "recommendation.json"
        write_whole(path, indented(recommendation))
        return path

    def append(self, run: Run) -> None:
        """Add a run; it is on the disk when this returns."""
        line = json.dumps(msgspec.to_builtins(run), ensure_ascii=False) + "\n"
        with (self.folder / "results.jsonl").open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self.runs.append(run)


def indented(value: object) -> str:
    """Return JSON that people can read."""
    return json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=False) + "\n"


def write_whole(path: Path, text: str) -> None:
    """Replace a file as a whole, so that whoever reads it never sees half of it."""
    temporary = path.with_name(path.name + ".new")
    # What an app logs need not be valid Unicode, nor is each path.
    with temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Say in one line that a folder cannot be written to.

    Raises:
        ResultsError: instead of any OSError.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ResultsError(f"{folder}: expected a folder that can be written to ({reason})") from None


def create(folder: Path, info: Info) -> Results:
    """Start a new sweep in a folder that is new, or empty.

    Raises:
        ResultsError: something is there already, or the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "sweep.json").exists() or (folder / "results.jsonl").exists():
            raise ResultsError(f"--out={folder}: holds a sweep already: expected another folder, or --resume")
        refuse_others(folder)
        results = Results(folder, info, [])
        results.save_info()
    except OSError as error:
        raise ResultsError(f"--out={folder}: expected a folder that can be written to ({error.strerror})") from None
    return results


def refuse_others(folder: Path) -> None:
    """Refuse a folder with anything in it, which would get lost among what is written there, or be written over.

    Raises:
        ResultsError: with what is there.
    """
    if other := next(folder.iterdir(), None):
        raise ResultsError(
            f"--out={folder}: holds {other.name} already: expected a new or an empty folder, "
            f"for instance {folder / 'mine'}"
        )


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only sweep that writes to a folder.

    Raises:
        ResultsError: another one does.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise ResultsError(f"{folder}: expected the folder of a sweep, with a sweep.json ({error.strerror})") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ResultsError(f"--out={folder}: another sweep is writing there: expected one that has ended") from None
        yield
    finally:
        os.close(handle)


def load(folder: Path, mend: bool = False) -> Results:
    """Read a sweep's folder.

    Args:
        folder: the folder.
        mend: drop a torn last line from the file too, as more will be appended to it.

    Raises:
        ResultsError: no sweep is there, or one of another schema, or a line that is none of ours.
    """
    info = read_info(folder)
    path = folder / "results.jsonl"
    try:
        data = path.read_bytes() if path.exists() else b""
        whole, _, torn = data.rpartition(b"\n")
        if torn and mend:
            with path.open("r+b") as file:
                file.truncate(len(data) - len(torn))
        lines = whole.decode().split("\n") if whole else []  # not splitlines: it also cuts at U+2028
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(f"{path}: expected a file of ours that can be read ({error})") from None
    return Results(folder, info, [parse_run(path, number, line) for number, line in enumerate(lines, 1)])


def read_info(folder: Path) -> Info:
    """Read sweep.json."""
    path = folder / "sweep.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not JSON"
        raise ResultsError(f"{folder}: expected the folder of a sweep, with a sweep.json ({reason})") from None
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema != SCHEMA:
        raise ResultsError(f"{path}: schema={schema}: expected {SCHEMA}; another version of the sweep wrote it")
    info = typed(data, Info, str(path))
    check_schema(info.unloaded, f"{path}, unloaded")
    return info


def parse_run(path: Path, number: int, line: str) -> Run:
    """Read one line of results.jsonl."""
    where = f"{path}, line {number}"
    try:
        data = json.loads(line)
    except ValueError:
        raise ResultsError(f"{where}: expected a run as this version of the sweep writes it (not JSON)") from None
    run = typed(data, Run, where)
    check_schema(run.analysis, where)
    return run


def typed(data: object, kind: type[T], where: str) -> T:
    """Return what was read as the type that it has to be.

    `msgspec.json.decode` would refuse the surrogates that a path which is no valid Unicode is written with.

    Raises:
        ResultsError: it is another, with the place in it.
    """
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise ResultsError(f"{where}: expected what this version of the sweep writes: {error}") from None


def check_schema(analysis: Analysis | None, where: str) -> None:
    """Refuse an analysis whose figures may mean something else."""
    if analysis and analysis.schema != explain_types.SCHEMA:
        raise ResultsError(f"{where}: analysis.schema={analysis.schema}: expected {explain_types.SCHEMA}")
