"""A sweep's folder: what it was asked, and a line for each finished run, written so that `kill -9` loses none.

`sweep.json` holds the options, the machine and the unloaded probe; it is replaced as a whole. `results.jsonl` is
appended to, flushed and synced with each run; a line that a kill tore apart is dropped when the sweep goes on.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

SCHEMA = 1
ANALYSIS_SCHEMA = 2  # of locustfiles/explain_types.py

# What a sweep is read for; a file that lacks one of these was not written by us, or was changed since.
INFO_KEYS = {
    "plan": ("name", "vcpu", "memory_mb"),
    "options": ("users", "scenario", "app", "gunicorn", "max_p95"),
}
ANALYSIS_KEYS = {
    "setting": ("workers", "threads"),
    "load": ("requests", "failures", "rps", "seconds"),
    "response_ms": ("mean", "p95"),
    "wait_ms": ("mean",),
    "app_ms": ("mean",),
    "cpu_ms": ("mean",),
    "bounds": ("slots_rps", "cpu_rps", "users_rps"),
    "verdict": ("code", "text"),
}
OUTSIDE_KEYS = ("memory_peak_mb", "cpu_utilization", "others_utilization")


class ResultsError(Exception):
    """A folder that cannot be used: one line with its name, what is there and what was expected."""


class Setting(NamedTuple):
    """What is swept: workers, and threads of each."""

    workers: int
    threads: int

    @property
    def slots(self) -> int:
        """Requests that can be in the app at a time."""
        return self.workers * self.threads

    def __str__(self) -> str:
        """As it is written everywhere: 3 × 6."""
        return f"{self.workers} × {self.threads}"


@dataclass(frozen=True)
class Run:
    """One finished measurement of a setting: a line of results.jsonl.

    Attributes:
        workers, threads: the setting.
        repeat: 0 for its first run, then 1, 2, …
        status: "ok" or "failed".
        error: why it failed, with the last lines of the log that says so; None if it did not.
        analysis: Locust's analysis, in the shape of design.md; None if there was none.
        outside: what an observer saw: `memory_peak_mb` of the process tree, `cpu_seconds` and `cpu_utilization`
            (of the plan's vCPUs) of the tree under load, `others_utilization` by other programs on the same cores,
            `workers_started`, `workers_died`, `seconds`.
        void: it failed only because Locust itself was the limit, twice.
    """

    workers: int
    threads: int
    repeat: int
    status: str
    error: str | None = None
    analysis: dict[str, Any] | None = None
    outside: dict[str, Any] | None = None
    void: bool = False

    @property
    def setting(self) -> Setting:
        """Its setting."""
        return Setting(self.workers, self.threads)

    @property
    def ok(self) -> bool:
        """Whether its figures count."""
        return self.status == "ok"


@dataclass
class Info:
    """What sweep.json holds.

    Attributes:
        options: `sweep.cli`'s, by name, as the sweep was started.
        plan: `name`, `vcpu`, `memory_mb` (what the plan leaves the app).
        environment: what the report says of the machine, by name, for instance "CPU", "gunicorn".
        command: the command that repeats it.
        started: when, ISO 8601 with its time zone.
        unloaded: the analysis of one user with one slot; None if that run failed.
        unloaded_memory_mb: peak memory of that gunicorn's process tree.
        unloaded_error: why it failed.
        app: MODULE:NAME of what is measured, also where it was found and not given.
        skipped: settings that were not measured: `workers`, `threads`, `reason`.
        finished: whether there is nothing left to measure.
        stopped: why not, in words, for instance "Ctrl-C".
    """

    options: dict[str, Any]
    plan: dict[str, Any]
    environment: dict[str, str]
    command: str
    started: str
    unloaded: dict[str, Any] | None = None
    unloaded_memory_mb: float | None = None
    unloaded_error: str | None = None
    app: str = "app:app"
    skipped: list[dict[str, Any]] = field(default_factory=list)
    finished: bool = False
    stopped: str | None = None
    schema: int = SCHEMA


@dataclass
class Results:
    """A sweep's folder, read."""

    folder: Path
    info: Info
    runs: list[Run]

    def save_info(self) -> None:
        """Replace sweep.json as a whole, so that no kill leaves half of it."""
        write_whole(self.folder / "sweep.json", json.dumps(asdict(self.info), indent=2, ensure_ascii=False) + "\n")

    def append(self, run: Run) -> None:
        """Add a run; it is on the disk when this returns."""
        line = json.dumps(asdict(run), ensure_ascii=False) + "\n"
        with (self.folder / "results.jsonl").open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self.runs.append(run)


def write_whole(path: Path, text: str) -> None:
    """Replace a file as a whole, so that whoever reads it never sees half of it."""
    temporary = path.with_name(path.name + ".new")
    # What an app logs need not be valid Unicode.
    with temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def create(folder: Path, info: Info) -> Results:
    """Start a new sweep in a folder that has none yet.

    Raises:
        ResultsError: there is one already, or the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "sweep.json").exists() or (folder / "results.jsonl").exists():
            raise ResultsError(f"--out={folder}: holds a sweep already: expected another folder, or --resume")
        results = Results(folder, info, [])
        results.save_info()
    except OSError as error:
        raise ResultsError(f"--out={folder}: expected a folder that can be written to ({error.strerror})") from None
    return results


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only sweep that writes to a folder.

    Raises:
        ResultsError: another one does.
    """
    handle = os.open(folder, os.O_RDONLY)
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
    try:
        info = Info(**data)
    except TypeError:
        raise ResultsError(f"{path}: expected the keys that this version of the sweep writes") from None
    for part, names in INFO_KEYS.items():
        check_keys(data[part], names, f"{path}: {part}")
    if info.unloaded is not None:
        check_analysis(info.unloaded, f"{path}, unloaded")
    return info


def parse_run(path: Path, number: int, line: str) -> Run:
    """Read one line of results.jsonl."""
    try:
        run = Run(**json.loads(line))
    except (ValueError, TypeError):
        raise ResultsError(f"{path}, line {number}: expected a run as this version of the sweep writes it") from None
    if run.analysis is not None:
        check_analysis(run.analysis, f"{path}, line {number}")
    if run.outside is not None:
        check_keys(run.outside, OUTSIDE_KEYS, f"{path}, line {number}: outside")
    return run


def check_analysis(analysis: Any, where: str) -> None:
    """Refuse what is no analysis of ours."""
    schema = analysis.get("schema") if isinstance(analysis, dict) else None
    if schema != ANALYSIS_SCHEMA:
        raise ResultsError(f"{where}: analysis.schema={schema}: expected {ANALYSIS_SCHEMA}")
    for part, names in ANALYSIS_KEYS.items():
        check_keys(analysis.get(part), names, f"{where}: analysis.{part}")


def check_keys(part: Any, names: Iterable[str], where: str) -> None:
    """Refuse a part of a file that has not these keys."""
    there = part if isinstance(part, dict) else {}
    missing = [name for name in names if name not in there]
    if missing:
        raise ResultsError(f"{where}: expected a key {missing[0]}, as the sweep writes it")
