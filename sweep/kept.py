"""A run that Locust kept (locustfiles/explain_keep.py), read: its analysis, and what was asked of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import msgspec

from explain_types import Analysis
from sweep.folder import ResultsError, check_schema, typed


class Asked(msgspec.Struct, frozen=True):
    """What run.json says: when, of which scenario, against which host, with which Locust and which of its options."""

    started: str = ""
    scenario: str = ""
    host: str | None = None
    locust: str = ""
    options: dict[str, str] = msgspec.field(default_factory=dict)


@dataclass(frozen=True)
class KeptRun:
    """A run of Locust.

    Attributes:
        analysis: as its analysis.json has it.
        asked: nothing but defaults where no run.json is beside it.
    """

    analysis: Analysis
    asked: Asked


def is_run(path: Path) -> bool:
    """Whether a path is a run's folder, or an analysis alone."""
    return path.is_file() or (path / "analysis.json").is_file()


def read(path: Path) -> KeptRun:
    """Read a run.

    Raises:
        ResultsError: it is none, or one of another version.
    """
    file = path if path.is_file() else path / "analysis.json"
    analysis = typed(parsed(file), Analysis, str(file))
    check_schema(analysis, str(file))
    beside = file.with_name("run.json")
    return KeptRun(analysis, typed(parsed(beside), Asked, str(beside)) if beside.is_file() else Asked())


def parsed(file: Path) -> object:
    """Return what a file of JSON holds."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not JSON"
        raise ResultsError(f"{file}: expected a run as Locust keeps it ({reason})") from None
