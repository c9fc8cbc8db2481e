"""The folder of a sweep: what is written into it survives a kill, and is read back."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from explain_laws import Setting
from sweep.folder import Results, ResultsError, alone, create, load
from tests.sweep import samples


@pytest.fixture
def two_runs(tmp_path: Path) -> Path:
    return samples.sweep(tmp_path / "sweep", [(1, 6), (3, 6)], repeats=1).folder


def test_what_was_written_is_read(two_runs: Path) -> None:
    results = load(two_runs)
    assert [run.setting for run in results.runs] == [Setting(1, 6), Setting(3, 6)]
    assert results.info.options.users == 36


@pytest.mark.parametrize("cut", range(1, 200, 17))
def test_a_torn_last_line_is_dropped_and_nothing_else(two_runs: Path, cut: int) -> None:
    path = two_runs / "results.jsonl"
    data = path.read_bytes()
    path.write_bytes(data[:-cut])
    assert len(load(two_runs).runs) == 1
    mended = load(two_runs, mend=True)
    assert path.read_bytes() == data[: data.index(b"\n") + 1]
    mended.append(samples.run(3, 6))
    assert [run.setting for run in load(two_runs).runs] == [Setting(1, 6), Setting(3, 6)]


def test_each_line_has_the_keys_of_the_design(two_runs: Path) -> None:
    for line in (two_runs / "results.jsonl").read_text().splitlines():
        assert {"workers", "threads", "repeat", "status", "error", "analysis"} <= json.loads(line).keys()


def test_a_folder_with_a_sweep_is_not_taken_for_another(two_runs: Path) -> None:
    before = (two_runs / "results.jsonl").read_bytes()
    with pytest.raises(ResultsError, match=r"--out=.*: holds a sweep already: expected another folder, or --resume"):
        create(two_runs, samples.info())
    assert (two_runs / "results.jsonl").read_bytes() == before


def break_info(folder: Path) -> None:
    (folder / "sweep.json").write_text("{")


def other_schema(folder: Path) -> None:
    info = json.loads((folder / "sweep.json").read_text())
    (folder / "sweep.json").write_text(json.dumps(info | {"schema": 1}))


def other_keys(folder: Path) -> None:
    info = json.loads((folder / "sweep.json").read_text())
    (folder / "sweep.json").write_text(json.dumps(info | {"colour": "blue"}))


def no_info(folder: Path) -> None:
    (folder / "sweep.json").unlink()


def analysis_of_another_schema(folder: Path) -> None:
    path = folder / "results.jsonl"
    path.write_text(path.read_text().replace('"analysis": {"schema": 2', '"analysis": {"schema": 7'))


def info_without_users(folder: Path) -> None:
    info = json.loads((folder / "sweep.json").read_text())
    del info["options"]["users"]
    (folder / "sweep.json").write_text(json.dumps(info))


def analysis_of_another_shape(folder: Path) -> None:
    (folder / "results.jsonl").write_text(
        '{"workers": 1, "threads": 1, "repeat": 0, "status": "ok", "analysis": [1]}\n'
    )


def analysis_with_a_schema_only(folder: Path) -> None:
    (folder / "results.jsonl").write_text(
        '{"workers": 1, "threads": 1, "repeat": 0, "status": "ok", "analysis": {"schema": 2}}\n'
    )


def users_as_text(folder: Path) -> None:
    info = json.loads((folder / "sweep.json").read_text())
    info["unloaded"]["load"]["users"] = "many"
    (folder / "sweep.json").write_text(json.dumps(info))


def no_json(folder: Path) -> None:
    (folder / "results.jsonl").write_text("workers\n")


def no_runs_of_ours(folder: Path) -> None:
    (folder / "results.jsonl").write_text('{"workers": 1}\n')


def not_text(folder: Path) -> None:
    (folder / "results.jsonl").write_bytes(b"\xff\xfe\n")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (break_info, "expected the folder of a sweep"),
        (no_info, "expected the folder of a sweep"),
        (other_schema, "schema=1: expected 2; another version of the sweep wrote it"),
        (other_keys, "Object contains unknown field `colour`"),
        (analysis_of_another_schema, "line 1: analysis.schema=7: expected 2"),
        (info_without_users, "missing required field `users` - at `$.options`"),
        (
            analysis_of_another_shape,
            "line 1: expected what this version of the sweep writes: Expected `object | null`, got `array` - at",
        ),
        (
            analysis_with_a_schema_only,
            "line 1: expected what this version of the sweep writes: Object missing required field",
        ),
        (no_runs_of_ours, "line 1: expected what this version of the sweep writes: Object missing required field"),
        (users_as_text, "Expected `int`, got `str` - at `$.unloaded.load.users`"),
        (no_json, "line 1: expected a run as this version of the sweep writes it (not JSON)"),
        (not_text, "expected a file of ours"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_none_of_ours_is_one_line(two_runs: Path, spoil: object, told: str) -> None:
    assert callable(spoil)
    spoil(two_runs)
    with pytest.raises(ResultsError) as caught:
        load(two_runs)
    assert told in str(caught.value)
    assert str(two_runs) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_new_sweep_needs_a_folder_that_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="expected a folder that can be written to"):
        create(tmp_path / "file" / "sweep", samples.info())


def test_a_line_is_not_cut_by_what_else_ends_lines(two_runs: Path) -> None:
    load(two_runs).append(samples.failed(1, 1, "one\u2028two\x85three\x0cfour"))
    assert load(two_runs).runs[-1].error == "one\u2028two\x85three\x0cfour"


def test_a_second_sweep_does_not_write_beside_the_first(two_runs: Path) -> None:
    with alone(two_runs), pytest.raises(ResultsError, match="another sweep is writing there"), alone(two_runs):
        pass
    with alone(two_runs):
        pass


def test_what_sweep_json_holds_is_replaced_as_a_whole(two_runs: Path) -> None:
    results: Results = load(two_runs)
    results.info.stopped = "Ctrl-C"
    results.save_info()
    assert load(two_runs).info.stopped == "Ctrl-C"
    assert sorted(path.name for path in two_runs.iterdir()) == ["results.jsonl", "sweep.json"]


def test_a_path_that_is_no_valid_unicode_is_read_as_it_was(tmp_path: Path) -> None:
    folder = os.fsdecode(b"/srv/caf\xe9")
    create(tmp_path / "sweep", samples.info(chdir=folder))
    assert load(tmp_path / "sweep").info.options.chdir == folder


def test_what_lies_in_a_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("mine")
    with pytest.raises(ResultsError) as refused:
        create(tmp_path, samples.info())
    assert str(refused.value) == (
        f"--out={tmp_path}: holds report.html already: expected a new or an empty folder, "
        f"for instance {tmp_path / 'mine'}"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
