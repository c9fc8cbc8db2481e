"""The app to serve, as App Service finds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Conf


@pytest.mark.parametrize(
    ("files", "entry"),
    [
        (["wsgi.py", "server.py"], "server:app"),
        (["wsgi.py"], "wsgi:app"),
        (["server.py", "index.py"], "index:app"),
        (["index.py", "run.py"], "run:app"),
        (["run.py", "app.py"], "app:app"),
        (["app.py", "application.py"], "application:app"),
        (["app/__init__.py"], "app:app"),
        (["app.py", "site/wsgi.py"], "site.wsgi"),
        (["app.py", "not-a-package/wsgi.py"], "app:app"),
    ],
)
def test_entry_module(conf: Conf, tmp_path: Path, files: list[str], entry: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    module = conf({"GUNICORN_CHDIR": str(tmp_path)}, [])
    assert module.wsgi_app == entry
    assert conf({}, ["--chdir", str(tmp_path)]).wsgi_app == entry


def test_no_entry_module_is_one_line(conf: Conf, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=f"chdir={tmp_path}: no app found there: expected one of application.py, "):
        conf({"GUNICORN_CHDIR": str(tmp_path)}, [])


@pytest.mark.parametrize("app", ["nope:app", "nope", "nope.wsgi:app"])
def test_a_module_that_is_not_there_is_one_line(conf: Conf, app: str) -> None:
    with pytest.raises(SystemExit, match=f"app={app}: expected MODULE:NAME with a module in /"):
        conf({}, [app])
