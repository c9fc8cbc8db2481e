"""Which earlier run is held against one: of those that can be compared the latest, whatever else lies in the folder."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import explain_before
from explain_before import before
from explain_types import Analysis, Code
from tests.locustfiles.kept import ASKED, BEGUN, NOW, keep, seen, told

EARLIER = "20261126-092000"


@pytest.mark.parametrize(
    "asked",
    [
        {"form": 2},
        {"scenario": "story"},
        {"host": "http://app:9000"},
        {"fingerprint": "another"},
        {"options": {"paths": "/other"}},
        {"options": {"paths": "/", "pause": "1-3"}},
        {"options": "none"},
        {"started": (BEGUN - timedelta(hours=24, seconds=1)).isoformat()},
        {"started": (BEGUN + timedelta(hours=1)).isoformat()},
        {"started": (BEGUN - timedelta(seconds=8)).isoformat()},  # it went on for 20 s
        {"started": "2026-11-26T09:00:00"},  # of which zone?
        {"started": "yesterday"},
        {"started": 5},
    ],
    ids=lambda asked: f"{next(iter(asked))} {str(next(iter(asked.values())))[-25:]}",
)
def test_what_was_asked_differs(asked: dict[str, Any], tmp_path: Path) -> None:
    keep(tmp_path, seen(3, 6), **asked)
    assert told(tmp_path, NOW) is None


@pytest.mark.parametrize("name", ["host", "started", "options", "fingerprint", "scenario"])
def test_a_record_that_does_not_say_cannot_be_compared(name: str, tmp_path: Path) -> None:
    folder = keep(tmp_path, seen(3, 6))
    record = json.loads((folder / "run.json").read_text())
    del record[name]
    (folder / "run.json").write_text(json.dumps(record))
    assert told(tmp_path, NOW) is None


def test_this_run_does_not_know_what_it_asked_either(tmp_path: Path) -> None:
    keep(tmp_path, seen(3, 6), fingerprint=None)
    assert before(tmp_path, BEGUN, ASKED | {"fingerprint": None}, NOW) is None


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        ("load", {"users": 18}),
        ("arrivals", {"asked_rps": 120.0}),
        ("setting", {"vcpu": 2}),
        ("setting", {"vcpu": None}),
        ("setting", {"instances": 2}),
        ("setting", {"workers": 3, "threads": 12}),
        ("setting", {"workers": None, "threads": None}),
        ("setting", {"workers": "3"}),
        ("verdict", {"code": "generator"}),
        ("verdict", {"code": "mixed-up"}),
        ("verdict", {"code": "errors"}),
        ("verdict", {"code": "stuck"}),
        ("verdict", {"code": "no-data"}),
        ("load", {"requests": 0}),
        ("load", {"failures": 30}),
        ("cpu_ms", {"mean": 12.0}),
        ("cpu_ms", {"mean": None}),
        ("response_ms", {"p95": None}),
        ("response_ms", {"p95": 10**400}),
        ("", {"schema": 1}),
        ("", {"schema": 3}),
        ("", {"routes": [{"name": "GET /other", "requests": 2000}]}),
        ("", {"routes": None}),
        ("", {"load": None}),
        ("", {"setting": [1]}),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value)[:40],
)
def test_what_was_measured_is_something_else(part: str, fields: dict[str, Any], tmp_path: Path) -> None:
    found = json.loads(json.dumps(asdict(seen(3, 6))))
    (found[part] if part else found).update(fields)
    keep(tmp_path, found)
    assert told(tmp_path, NOW) is None


@pytest.mark.parametrize("code", ["generator", "mixed-up", "errors", "stuck", "no-data"])
def test_a_run_that_says_nothing_is_compared_with_none(code: Code, tmp_path: Path) -> None:
    keep(tmp_path, seen(3, 6))
    assert told(tmp_path, seen(3, 12, code=code)) is None


def test_a_plan_that_neither_run_knows_is_not_the_same(tmp_path: Path) -> None:
    was, now = (replace(one, setting=replace(one.setting, vcpu=None)) for one in (seen(3, 6), NOW))
    keep(tmp_path, was)
    assert told(tmp_path, now) is None


@pytest.mark.parametrize(("requests", "compared"), [(20, True), (400, False)], ids=["seldom", "often"])
def test_a_route_that_only_one_of_them_has(requests: int, compared: bool, tmp_path: Path) -> None:
    """One that is seldom asked for may be missing by chance."""
    was = seen(3, 6)
    more = replace(was.routes[0], name="GET /new", requests=requests)
    keep(tmp_path / "then", replace(was, routes=(*was.routes, more)))
    assert (told(tmp_path / "then", NOW) is not None) is compared
    keep(tmp_path / "now", was)
    assert (told(tmp_path / "now", replace(NOW, routes=(*NOW.routes, more))) is not None) is compared


def test_failures_differ_either_way(tmp_path: Path) -> None:
    """An app that refuses is a quick one."""
    keep(tmp_path, seen(3, 6, failing=0.03))
    assert told(tmp_path, NOW) is None
    assert told(tmp_path, seen(3, 12, seed=2, failing=0.03)) is not None
    assert told(tmp_path, seen(3, 12, seed=2, failing=0.1)) is None


def arriving(analysis: Analysis, seconds: float, max_users: int = 50) -> Analysis:
    arrivals = replace(analysis.arrivals, asked_rps=120.0, max_users=max_users)
    return replace(analysis, arrivals=arrivals, load=replace(analysis.load, seconds=seconds, users=round(seconds)))


def test_arrivals_are_compared_over_the_same_time(tmp_path: Path) -> None:
    """A queue that grows for as long as they come is longer at the end of a longer run."""
    keep(tmp_path, arriving(seen(3, 6), 20.0))
    assert told(tmp_path, arriving(NOW, 20.5)) is not None
    assert told(tmp_path, arriving(NOW, 40.0)) is None
    assert told(tmp_path, arriving(NOW, 20.5, max_users=80)) is None


def test_the_latest_that_is_comparable_is_taken(tmp_path: Path) -> None:
    """By when it began and not by its name: a container may have another time zone."""
    keep(tmp_path, seen(1, 1), minutes=60)
    keep(tmp_path, seen(2, 2), minutes=40, name="20261125-232000-2x2")
    keep(tmp_path, seen(2, 4), minutes=30, host="http://elsewhere")
    keep(tmp_path, seen(3, 12), minutes=20)
    found = told(tmp_path, NOW)
    assert found
    assert found.setting == "2 × 2"


def test_nothing_earlier_says_nothing(tmp_path: Path) -> None:
    assert told(tmp_path, NOW) is None
    assert told(tmp_path / "nowhere", NOW) is None
    (tmp_path / "file").touch()
    assert told(tmp_path / "file", NOW) is None


def test_foreign_files_are_passed_over(tmp_path: Path) -> None:
    """They are newer than the run that can be compared, and look like runs."""
    good = keep(tmp_path, seen(3, 6), minutes=60)
    broken = (b"", b"{", b"[1]", b"[" * 100_000, b"\xff\xfe", b"null", b'{"schema": 2}', b"1" * 5000, b'{"started": 1}')
    for number, text in enumerate(broken):
        for file in ("run.json", "analysis.json"):
            (keep(tmp_path, seen(3, 6), minutes=9 - number / 2) / file).write_bytes(text)
    (tmp_path / f"{EARLIER}-file").touch()
    (tmp_path / f"{EARLIER}-empty").mkdir()
    (tmp_path / f"{EARLIER}-link").symlink_to(good)
    (tmp_path / f"{EARLIER}-gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / "results.jsonl").write_text("{")
    written = keep(tmp_path, seen(3, 6), minutes=5)
    (written / "analysis.json").rename(written / "analysis.json.new")
    folders = keep(tmp_path, seen(3, 6), minutes=5)
    (folders / "run.json").unlink()
    (folders / "run.json").mkdir()
    pipe = keep(tmp_path, seen(3, 6), minutes=5)
    (pipe / "analysis.json").unlink()
    os.mkfifo(pipe / "analysis.json")  # nobody ever writes into it
    found = told(tmp_path, NOW)
    assert found
    assert found.run == good.name


def test_what_cannot_be_read_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, locked = keep(tmp_path, seen(3, 6), minutes=60), keep(tmp_path, seen(3, 6), minutes=5)
    read_text = Path.read_text

    def refuse(path: Path, *args: Any, **others: Any) -> str:
        if path.parent == locked:
            raise PermissionError(13, "Permission denied")
        return read_text(path, *args, **others)

    monkeypatch.setattr(Path, "read_text", refuse)  # root may read all
    found = told(tmp_path, NOW)
    assert found
    assert found.run == good.name


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    folder = keep(tmp_path, seen(3, 6))
    with (folder / "analysis.json").open("a") as file:
        file.write(" " * 3_000_000)
    assert told(tmp_path, NOW) is None


def test_of_many_runs_the_newest_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of runs cost what a hundred do, and those of other days nothing."""
    keep(tmp_path, seen(3, 6), minutes=1000)
    text = json.dumps(asdict(seen(3, 12)))  # the same setting as this run's, so that each has to be read
    for number in range(400):
        at = BEGUN - timedelta(minutes=number + 1)
        (folder := tmp_path / f"{at:%Y%m%d-%H%M%S}-3x12").mkdir()
        (folder / "run.json").write_text(json.dumps(ASKED | {"started": at.isoformat(timespec="seconds")}))
        (folder / "analysis.json").write_text(text)
    for number in range(3000):
        (tmp_path / f"20200101-{number:06}-3x6").mkdir()
    read, looked = explain_before.parsed, list[Path]()

    def noted(file: Path) -> Any:
        looked.append(file)
        return read(file)

    monkeypatch.setattr(explain_before, "parsed", noted)
    began = time.process_time()
    assert told(tmp_path, NOW) is None
    assert time.process_time() - began < 3
    assert len({file.parent for file in looked}) == explain_before.MOST
    assert min(file.parent.name for file in looked) > f"{BEGUN - timedelta(minutes=102):%Y%m%d-%H%M%S}"
