"""Where files are in Locust's container that a person names by their places outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from explain_places import near, reports, there

OUTSIDE = {"HOST_PWD": "/home/me/clone", "HOST_HOME": "/home/me", "APP_DIR": "~/shop"}


@pytest.fixture
def mnt(tmp_path: Path) -> Path:
    """The container's folders."""
    for name in ("locust", "reports/good", "app/load"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "reports" / "good" / "analysis.json").touch()
    (tmp_path / "app" / "load" / "good").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("reports/good", "reports/good"),
        ("./reports/good/", "reports/good"),
        ("/home/me/clone/reports/good/analysis.json", "reports/good/analysis.json"),
        ("~/clone/reports/good/analysis.json", "reports/good/analysis.json"),
        ("~/shop/load/good", "app/load/good"),
        ("../shop/load/good", "app/load/good"),
    ],
)
def test_a_path_outside(mnt: Path, name: str, found: str) -> None:
    assert there(name, OUTSIDE, mnt / "app", mnt / "locust") == mnt / found


def test_what_is_nowhere_keeps_its_name(mnt: Path) -> None:
    assert there("reports/nope", OUTSIDE, mnt / "app", mnt / "locust") == Path("reports/nope")
    assert there("/home/me/clone/reports/good", {}, mnt / "app", mnt / "locust") == Path("/home/me/clone/reports/good")


def test_runs_go_to_the_repository_s_own_folder_and_to_none_of_a_copy(mnt: Path) -> None:
    here = mnt / "locust"
    assert reports(None, here) is None
    (mnt / "reports" / ".gitignore").touch()
    assert reports(None, here) == reports("", here) == mnt / "reports"
    assert reports("off", here) is reports("False", here) is None
    assert reports("/elsewhere", here) == Path("/elsewhere")
    assert near(mnt / "reports" / "good", here) == Path("reports/good")
    assert near(Path("/elsewhere/good"), here) == Path("/elsewhere/good")
