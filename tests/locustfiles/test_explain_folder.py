"""A run's folder: its name holds no surprise, two never share one, and what is not ours is left alone."""

from __future__ import annotations

import csv
import io
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

import explain_folder
from explain_folder import ANALYSIS, INFO, MOST, NAME, name_of, obstacle, table, write
from explain_types import SettingInForce

BEGUN = datetime(2026, 11, 26, 9, 30).astimezone()
FILES = {INFO: "{}", ANALYSIS: "{}"}


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        (SettingInForce(3, 6, 18, "SlotWorker", 1), "3x6"),
        (SettingInForce(3, 6, 18, "gthread", 1), "3x6-gthread"),
        (SettingInForce(3, 6, 36, "SlotWorker", 2, 2), "3x6-2instances"),
        (SettingInForce(None, None, None, None, None), "unknown"),
        (SettingInForce(2, 1, 2, "../../etc/passwd", 1), "2x1-etc-passwd"),
        (SettingInForce(2, 1, 2, "\N{SNOWMAN}\n", 1), "2x1-other"),
        (SettingInForce(10**40, 10**40, None, "a" * 400, 1), "100000000x100000000-aaaaaaaaaaaaaaaaaaaa"),
    ],
    ids=["usual", "bare", "instances", "none", "a path", "signs", "long"],
)
def test_a_name_has_no_surprising_characters(setting: SettingInForce, name: str) -> None:
    found = name_of(BEGUN, setting)
    assert found == f"20261126-093000-{name}"
    assert NAME.fullmatch(found)


def test_runs_of_one_second_do_not_collide(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: write(tmp_path, "20261126-093000-3x6", FILES), range(24)))
    assert len(set(folders)) == 24
    assert all(NAME.fullmatch(folder.name) for folder in folders)
    assert all(sorted(path.name for path in folder.iterdir()) == sorted(FILES) for folder in folders)


def test_the_newest_stay(tmp_path: Path) -> None:
    for number in range(MOST + 5):
        write(tmp_path, f"20261126-{number:06}-3x6", FILES)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"20261126-{number:06}-3x6" for number in range(5, MOST + 5)]


def test_what_is_not_ours_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain_folder, "MOST", 1)
    (elsewhere := tmp_path / "elsewhere").mkdir()
    (elsewhere / INFO).touch()
    place = tmp_path / "reports"
    noted = write(place, "20261126-000000-3x6", FILES)
    (noted / "why I keep this.txt").touch()
    write(place, "20261126-000001-3x6", FILES).rename(place / "good")
    (place / "20261126-000002-3x6").symlink_to(elsewhere)
    (place / "20261126-000003-3x6").mkdir()  # nothing in it
    (place / "20261126-000004-3x6").touch()
    (write(place, "20261126-000005-3x6", FILES) / "sub").mkdir()
    spared = write(place, "20261126-000006-3x6", FILES)
    gone = write(place, "20261126-000007-3x6", FILES, spared)
    last = write(place, "20261126-000008-3x6", FILES, spared)
    assert not gone.exists()
    assert last.exists()
    assert spared.exists()
    assert len(list(place.iterdir())) == 8
    assert (elsewhere / INFO).exists()


def test_texts_that_are_no_unicode_are_written(tmp_path: Path) -> None:
    folder = write(tmp_path, "20261126-000000-3x6", {INFO: "\udcff"})
    assert (folder / INFO).read_text(encoding="utf-8") == "\\udcff"


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    assert obstacle(tmp_path / "new" / "one") is None
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nope")):
        line = obstacle(place)
        assert line
        assert line.startswith(f"no run is kept in {place} (")
        assert line.endswith("; LOCUST_REPORTS=off keeps none")
        assert "\n" not in line


def test_a_folder_of_somebody_else_says_how_to_mend_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    assert f"as after `sudo chown {os.geteuid()} {tmp_path}`" in str(obstacle(tmp_path))


def test_no_cell_is_a_formula() -> None:
    text = table(lambda rows: rows.writerow(["=1+1", "@x", "a\nb", -5, "fine, really"]))
    assert list(csv.reader(io.StringIO(text))) == [["'=1+1", "'@x", "a b", "-5", "fine, really"]]
