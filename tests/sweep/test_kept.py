"""A run that Locust kept, read for `compare`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from explain_analysis import analyse_records
from sweep.folder import ResultsError
from sweep.kept import Asked, is_run, read
from tests.locustfiles.samples import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "analysis.json").write_text(json.dumps(asdict(analyse_records(run(), 36, 10.0))))
    return tmp_path


def test_a_folder_or_its_file(folder: Path) -> None:
    (folder / "run.json").write_text('{"form": 1, "scenario": "mixed", "options": {"pause": "1-3"}, "later": 5}')
    assert is_run(folder)
    found = read(folder)
    assert found == read(folder / "analysis.json")
    assert (found.asked.scenario, found.asked.options) == ("mixed", {"pause": "1-3"})
    assert found.analysis.load.users == 36


def test_an_analysis_alone(folder: Path) -> None:
    assert read(folder / "analysis.json").asked == Asked()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("analysis.json", "{", "not JSON"),
        ("analysis.json", '{"schema": 2}', "expected what this version of the sweep writes"),
        ("run.json", '{"scenario": 5}', "run.json: expected what this version"),
    ],
)
def test_what_is_none_is_one_line(folder: Path, name: str, text: str, words: str) -> None:
    (folder / name).write_text(text)
    with pytest.raises(ResultsError) as refused:
        read(folder)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
