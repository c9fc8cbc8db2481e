"""`make sweep APP_DIR=...`: what is copied, which variables it has, and what comes of a folder that is not there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sweep import own_app
from sweep.measure.preflight import conf_of
from sweep.own_app import OwnApp, OwnAppError, environ_of, pin, variables
from sweep.parameters import own_scenario
from tests.bed import ROOT, clean_environ
from tests.bed.programs import ended


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OwnApp:
    monkeypatch.setattr(own_app, "PLACE", tmp_path / "place")
    folder = tmp_path / "my shop"
    folder.mkdir()
    (folder / "app.py").write_text("app = 1\n")
    return OwnApp(folder)


def test_what_only_its_own_machine_needs_is_not_copied(shop: OwnApp) -> None:
    own = (".git/a", "venv/a", "any/pyvenv.cfg", "any/lib/a", "a/__pycache__/b")
    for name in (*own, ".env", "app.env", ".ssh/id_rsa", "a/server.key", ".netrc", "a/c.py"):
        (shop.source / name).parent.mkdir(parents=True, exist_ok=True)
        (shop.source / name).touch()
    shop.copy()
    files = {str(path.relative_to(shop.folder)) for path in shop.folder.rglob("*") if path.is_file()}
    assert files == {"app.py", "a/c.py"}


def test_a_file_that_is_gone_is_gone_in_the_copy(shop: OwnApp) -> None:
    shop.copy()
    (shop.source / "app.py").rename(shop.source / "wsgi.py")
    shop.copy()
    assert [path.name for path in shop.folder.iterdir()] == ["wsgi.py"]


def test_two_folders_of_one_name_have_two_places(tmp_path: Path) -> None:
    assert OwnApp(tmp_path / "a" / "shop").place != OwnApp(tmp_path / "b" / "shop").place


def test_only_what_says_what_to_install_installs_anew(shop: OwnApp) -> None:
    (shop.source / "requirements.txt").write_text("flask\n")
    shop.copy()
    before = shop.digest()
    (shop.source / "app.py").write_text("app = 2\n")
    shop.copy()
    assert shop.digest() == before
    (shop.source / "requirements.txt").write_text("flask\nredis\n")
    shop.copy()
    assert shop.digest() != before


def test_the_versions_are_the_dockerfiles() -> None:
    assert f"ARG UV_VERSION={pin('uv').removeprefix('uv==')}" in (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        (" export A = b ", "b"),
        ("A=", ""),
        ("A=b # c", "b"),
        ("A=b#c", "b#c"),
        ("A='b # $HOME'", "b # $HOME"),
        ('A="b c"', "b c"),
        ('A="${HOME}/b"', "/home/me/b"),
        ("A=$HOME/b", "/home/me/b"),
        ("A=a$$b", "a$b"),
        ("A=postgresql://me:x@db/shop?a=b", "postgresql://me:x@db/shop?a=b"),
    ],
)
def test_a_file_of_variables_is_read_as_compose_reads_it(line: str, value: str) -> None:
    """tests/containers/test_own_app.py asks Compose about the same lines."""
    assert variables(f"# comment\n{line}\n", {"HOME": "/home/me"}) == {"A": value}


def test_the_variables_nearest_to_the_app_come_first(shop: OwnApp, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nB=1\nC=1\nD=1\n")
    (shop.source / "app.env").write_text("B=2\nC=2\nD=2\n")
    (tmp_path / "other").write_text("C=3\nD=3\n")
    environ = environ_of(shop.source, {"APP_ENV_FILE": str(tmp_path / "other"), "D": "4"}, tmp_path)
    assert [environ[name] for name in "ABCD"] == ["1", "2", "3", "4"]


def test_the_file_of_variables_may_be_named_in_env(shop: OwnApp, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("APP_ENV_FILE=other\n")
    (tmp_path / "other").write_text("A=3\n")
    assert environ_of(shop.source, {}, tmp_path)["A"] == "3"


def test_a_file_that_cannot_be_copied_is_one_line(shop: OwnApp) -> None:
    os.mkfifo(shop.source / "pipe")
    with pytest.raises(OwnAppError, match=r"my shop/pipe cannot be copied \(.*named pipe.*\)$"):
        shop.copy()


def test_a_file_of_variables_that_is_not_there_is_one_line(shop: OwnApp, tmp_path: Path) -> None:
    with pytest.raises(OwnAppError, match="APP_ENV_FILE=/nope: expected a file that can be read"):
        environ_of(shop.source, {"APP_ENV_FILE": "/nope"}, tmp_path)


def test_an_app_that_misses_a_variable_can_be_told_where_those_go(
    shop: OwnApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    became: dict[str, str] = {}
    monkeypatch.setattr(OwnApp, "install", lambda _: None)
    monkeypatch.setattr(own_app, "become", lambda _, environ: became.update(environ))
    own_app.main([str(shop.source), sys.executable])
    assert became["APP_VARIABLES_IN"] == "app.env"
    assert became["APP_DIR"] == str(shop.source)


@pytest.mark.process
def test_a_folder_that_is_not_there_is_one_line() -> None:
    done = ended([sys.executable, "-m", "sweep.own_app", "/nope", sys.executable], clean_environ(), cwd=ROOT)
    assert (done.returncode, done.stderr) == (2, "sweep: APP_DIR=/nope: expected a folder that is there\n")


def test_its_scenario(tmp_path: Path) -> None:
    """As in Locust's container."""
    assert own_scenario({}) == "io_bound"
    assert own_scenario({"LOCUST_LOCUSTFILE": "mixed.py"}) == "mixed"
    own = {"APP_DIR": str(tmp_path), "LOCUST_LOCUSTFILE": "scenarios.py"}
    assert own_scenario(own) == str(ROOT / "locustfiles" / "pages.py")
    (tmp_path / "locustfile.py").touch()
    assert own_scenario(own) == str(tmp_path / "locustfile.py")


def test_its_own_configuration_counts_where_it_has_all_of_it(tmp_path: Path) -> None:
    (tmp_path / "gunicorn.conf.py").touch()
    assert conf_of(tmp_path) == ROOT / "gunicorn.conf.py"
    (tmp_path / "gunicorn_slots").mkdir()
    assert conf_of(tmp_path) == tmp_path / "gunicorn.conf.py"
