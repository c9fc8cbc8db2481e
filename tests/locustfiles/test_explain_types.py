"""The JSON is what explain_types and docs/analysis.md say it is."""

from __future__ import annotations

import json
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import asdict, is_dataclass

import msgspec
import pytest

from explain_analysis import analyse, analyse_records
from explain_laws import bounds
from explain_tally import Tally, tally_of
from explain_timeline import timeline
from explain_types import Analysis, Code, PageData, Timeline
from tests.bed import ROOT
from tests.locustfiles.samples import run

PAGE = (ROOT / "docs" / "analysis.md").read_text(encoding="utf-8")
WORDS = {int: "integer", float: "number", str: "text", bool: "true or false"}
UNITS = {"_ms": "ms", "_s": "s", "_mb": "MB", "_rps": "1/s", "_percent": "%", "_utilization": "share"}


def fields(kind: type, path: str = "") -> Iterator[tuple[str, str]]:
    """The path of each field and its type, in the words of the page."""
    for name, hint in typing.get_type_hints(kind).items():
        yield from field(hint, f"{path}.{name}" if path else name)


def field(hint: typing.Any, path: str) -> Iterator[tuple[str, str]]:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if is_dataclass(hint):
        assert isinstance(hint, type)
        yield from fields(hint, path)
    elif origin in (tuple, list):
        yield from field(parts[0], f"{path}[]")
    elif origin is dict:
        assert parts == (str, str)
        yield path, "text by name"
    elif origin is typing.Literal:
        yield path, WORDS[str]
    elif origin in (types.UnionType, typing.Union):
        assert parts[1] is type(None)
        if is_dataclass(parts[0]):  # the page says of its first field that it may be null as a whole
            yield from field(parts[0], path)
        else:
            yield from ((name, f"{kind} or null") for name, kind in field(parts[0], path))
    else:
        yield path, WORDS[hint]


def rows(section: str) -> list[tuple[str, str, str, str]]:
    """The rows of a section's table."""
    found = re.findall(r"^\| `(.+?)` \| (.+?) \| (.+?) \| (.+) \|$", section, re.MULTILINE)
    return [(path, kind, unit, meaning) for path, kind, unit, meaning in found]


MAIN, _, FURTHER = PAGE.partition("\n## What `/explain/data` has besides\n")


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        (MAIN, list(fields(Analysis))),
        (FURTHER, list(fields(PageData))),
    ],
    ids=["file", "web UI"],
)
def test_the_page_has_each_field_with_its_type(section: str, expected: list[tuple[str, str]]) -> None:
    assert [(path, kind) for path, kind, *_ in rows(section)] == expected


def test_the_page_has_units() -> None:
    for path, kind, unit, _ in rows(PAGE):
        names = [name.removesuffix("[]") for name in path.split(".")]
        told = [UNITS[end] for name in names for end in UNITS if name.endswith(end)]
        assert unit == told[0] if told else unit, path
        assert unit != "none" or kind.split()[0] in ("text", "true") or path in ("schema", "workers[].pid"), path


def test_the_page_names_every_code() -> None:
    (meaning,) = [meaning for path, *_, meaning in rows(PAGE) if path == "verdict.code"]
    assert set(re.findall(r"`(\S+?)`", meaning)) == set(typing.get_args(Code))


@pytest.mark.parametrize("found", [analyse_records(run(), 36, 10.0), analyse(Tally(), 0, 0.0)], ids=["full", "empty"])
def test_it_comes_back_from_json(found: Analysis) -> None:
    assert msgspec.json.decode(json.dumps(asdict(found), allow_nan=False), type=Analysis) == found


def test_an_analysis_from_before_there_were_arrivals_can_be_read() -> None:
    data = asdict(analyse_records(run(), 36, 10.0))
    del data["arrivals"], data["delay_ms"]
    found = msgspec.convert(data, Analysis)
    assert found.arrivals.asked_rps is None
    assert found.delay_ms.mean is None


def test_one_from_before_there_were_instances_is_read() -> None:
    """As those in a sweep's folder."""
    found = asdict(analyse_records(run(), 36, 10.0))
    before = {name: value for name, value in found.items() if name not in ("instances", "users_stay", "users_bound")}
    before["setting"].pop("instances")
    for worker in before["workers"]:
        worker.pop("instance")
    assert msgspec.convert(before, Analysis) == analyse_records(run(), 36, 10.0)


def test_a_wrong_field_is_named_by_its_path() -> None:
    data = asdict(analyse_records(run(), 36, 10.0))
    data["demand"]["cpu_s"] = "much"
    with pytest.raises(msgspec.ValidationError, match=r"\$\.demand\.cpu_s"):
        msgspec.convert(data, Analysis)


def test_the_timeline_comes_back_from_json() -> None:
    found = timeline(tally_of(run()), 9.5)
    assert msgspec.json.decode(json.dumps(asdict(found)), type=Timeline) == found


def test_the_bounds_follow_from_the_demand() -> None:
    """Who reads a demand can ask the laws about any setting, this one too."""
    found = analyse_records(run(think_ms=300), 36, 10.0)
    again = bounds(found.demand, found.load.users, 3, 18, 1)
    assert asdict(again) == pytest.approx(asdict(found.bounds), rel=1e-3)
    assert found.demand.think_s == pytest.approx(0.3)
