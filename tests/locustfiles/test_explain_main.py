"""Which locustfile Locust's container runs, and one line for one that it cannot reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from explain_main import BadLocustfileError, arguments, by_default, located
from tests.bed.locust import LOCUSTFILES


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """Where the container has the folder that is /home/me/my shop outside."""
    (tmp_path / "load").mkdir()
    (tmp_path / "load" / "users.py").touch()
    return tmp_path


OUTSIDE = {"HOST_PWD": "/home/me/clone", "HOST_HOME": "/home/me"}


@pytest.mark.parametrize("folder", ["/home/me/my shop", "/home/me/my shop/", "../my shop", "~/my shop", "./../my shop"])
@pytest.mark.parametrize(
    "name",
    [
        *("/home/me/my shop/load/users.py", "../my shop/load/users.py", "~/my shop/load/users.py"),
        *("load/users.py", "/home/me/clone/../my shop/./load/users.py"),
    ],
)
def test_a_path_of_the_machine_outside(app: Path, folder: str, name: str) -> None:
    assert located(name, OUTSIDE | {"APP_DIR": folder}, app) == str(app / "load" / "users.py")


def test_a_path_of_windows(app: Path) -> None:
    outside = {"APP_DIR": "C:\\me\\shop", "HOST_PWD": "C:\\me\\clone"}
    assert located("C:\\me\\shop\\load\\users.py", outside, app) == str(app / "load" / "users.py")


@pytest.mark.parametrize("name", ["mixed.py", "pages.py", "https://example.com/a.py", str(LOCUSTFILES / "story.py")])
def test_what_is_there_already_stays_as_it_is(app: Path, name: str) -> None:
    assert located(name, OUTSIDE | {"APP_DIR": "/home/me/my shop"}, app) == name


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/home/me/my shop", "/home/me/elsewhere/load/users.py"),
        ("/home/me/my shop", "/home/me/my shop2/load/users.py"),
        ("/home/me/my shop", "/home/me/my shop/nope.py"),
        ("/home/me/my shop", "nope.py"),
        ("", "/home/me/my shop/load/users.py"),
        ("", "load/users.py"),
    ],
)
def test_what_is_not_there_is_one_line(app: Path, folder: str, name: str) -> None:
    with pytest.raises(BadLocustfileError) as refused:
        located(name, OUTSIDE | {"APP_DIR": folder}, app)
    assert str(refused.value).startswith(f"LOCUST_LOCUSTFILE={name}: expected a file in locustfiles/, or in ")


def test_the_locustfile_that_nobody_has_named(app: Path) -> None:
    outside = OUTSIDE | {"APP_DIR": "/home/me/my shop"}
    assert by_default(OUTSIDE, app) == "scenarios.py"
    assert by_default(outside, app) == "pages.py"
    (app / "locustfile.py").touch()
    assert by_default(outside, app) == str(app / "locustfile.py")


def test_the_command_line_comes_first(app: Path) -> None:
    outside = OUTSIDE | {"APP_DIR": "~/my shop", "LOCUST_LOCUSTFILE": "mixed.py,load/users.py"}
    there = str(app / "load" / "users.py")
    assert arguments(["-u", "5"], outside, app) == (["-u", "5"], f"mixed.py,{there}")
    assert arguments(["-f", "load/users.py", "-u", "5"], outside, app)[0] == ["-f", there, "-u", "5"]
    assert arguments(["--locustfile=load/users.py"], outside, app)[0] == [f"--locustfile={there}"]
