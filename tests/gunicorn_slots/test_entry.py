"""The app to serve, as App Service finds it, and what is said where that one would not start."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bed.foreign import write
from tests.conftest import Conf

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FACTORY = "def create_app(config=None):\n    return 1\n"


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
        (["app/__init__.py", "server.py"], "server:app"),
        (["app/__init__.py", "wsgi.py"], "wsgi:app"),
        (["application/__init__.py", "run.py", "wsgi.py"], "run:app"),
        (["app.py", "site/wsgi.py"], "site.wsgi"),
        (["app.py", "my-site/wsgi.py"], "my-site.wsgi"),
        (["app.py", "antenv/wsgi.py"], "app:app"),
        (["app.py", "env/wsgi.py", "env/pyvenv.cfg"], "app:app"),
        (["app.py", "b/wsgi.py", "a/wsgi.py"], "a.wsgi"),
        (["app.py", "a/b/wsgi.py"], "app:app"),
    ],
)
def test_entry_module(conf: Conf, tmp_path: Path, files: list[str], entry: str) -> None:
    write(tmp_path, dict.fromkeys(files, FLASK + "application = app\n"))
    module = conf({"GUNICORN_CHDIR": str(tmp_path)}, [])
    assert module.wsgi_app == entry
    assert conf({}, ["--chdir", str(tmp_path)]).wsgi_app == entry


def test_a_linked_folder_is_no_django_project(conf: Conf, tmp_path: Path) -> None:
    """As App Service does not follow it."""
    write(tmp_path, {"shop/app.py": FLASK, "elsewhere/wsgi.py": "application = 1\n"})
    (tmp_path / "shop" / "site").symlink_to(tmp_path / "elsewhere")
    assert conf({}, ["--chdir", str(tmp_path / "shop")]).wsgi_app == "app:app"


# Each of these has an `app`, or could have one that its text does not show.
HAS = {
    "assigned": "app = 1",
    "imported": "from shop import app",
    "renamed": "from shop import shop as app",
    "everything imported": "from shop import *",
    "defined": "def app(environ, start_response): ...",
    "a class": "class app: ...",
    "typed": "app: object = 1",
    "two at once": "app, api = 1, 2",
    "in a branch": "if 1:\n    app = 1",
    "in the other branch": "if 1:\n    pass\nelse:\n    app = 1",
    "tried": "try:\n    pass\nexcept OSError:\n    app = 1",
    "in a block": "with open('x') as file:\n    app = 1",
    "matched": "match 1:\n    case 1:\n        app = 1",
    "not main": "if __name__ == '__main__':\n    pass\nelse:\n    app = 1",
    "walrus": "if (app := 1):\n    pass",
    "global": "def make():\n    global app\n    app = 1\nmake()",
    "globals": "globals()['app'] = 1",
    "lazy": "def __getattr__(name): ...",
    "not to be read": "app = (",
    "another encoding": "# coding: latin-1\napp = '\xe9'",
}


@pytest.mark.parametrize("kind", HAS)
def test_a_file_that_has_an_app_or_may_have_one(conf: Conf, tmp_path: Path, kind: str) -> None:
    write(tmp_path, {"app.py": HAS[kind], "wsgi.py": FLASK})
    assert conf({}, ["--chdir", str(tmp_path)]).wsgi_app == "app:app"


# And none of these.
HAS_NOT = {
    "nothing": "",
    "main alone": "if __name__ == '__main__':\n    app = 1",
    "main alone, the other way round": "if '__main__' == __name__:\n    app = 1",
    "in a function": "def run():\n    app = 1",
    "in a class": "class Shop:\n    app = 1",
    "a type alone": "app: object",
    "a comprehension's": "apps = [app for app in (1, 2)]",
    "an attribute": "import shop\nshop.app = 1",
}


@pytest.mark.parametrize("kind", HAS_NOT)
def test_a_file_without_an_app(conf: Conf, tmp_path: Path, kind: str) -> None:
    write(tmp_path, {"app.py": HAS_NOT[kind], "wsgi.py": FLASK})
    with pytest.raises(SystemExit, match=r": app.py has no app, but wsgi.py has: set GUNICORN_WSGI_APP=wsgi:app$"):
        conf({}, ["--chdir", str(tmp_path)])


LINES: dict[str, tuple[dict[str, str], str]] = {
    "application": (
        {"wsgi.py": "from shop import application\n"},
        "wsgi.py has no app, but application: set GUNICORN_WSGI_APP=wsgi:application",
    ),
    "server": (
        {"index.py": "import dash\nshop = dash.Dash(__name__)\nserver = shop.server\n"},
        "index.py has no app, but server: set GUNICORN_WSGI_APP=index:server",
    ),
    "another name": (
        {"run.py": "import flask\nshop = flask.Flask(__name__)\n"},
        "run.py has no app, but shop: set GUNICORN_WSGI_APP=run:shop",
    ),
    "a factory with arguments": (
        {"app.py": "def create_app(config, *, debug): ...\n"},
        "app.py has no app, and its create_app needs config, debug: set GUNICORN_WSGI_APP='app:create_app(...)'",
    ),
    "a package": (
        {"app/__init__.py": "application = 1\n"},
        "app/__init__.py has no app, but application: set GUNICORN_WSGI_APP=app:application",
    ),
    "no clue": ({"app.py": "import shop\n"}, "app.py has no app: set GUNICORN_WSGI_APP=MODULE:NAME"),
    "Django": (
        {"site/wsgi.py": FLASK},
        "site/wsgi.py has no application, but app: set GUNICORN_WSGI_APP=site.wsgi:app",
    ),
    "Flask's tutorial": (
        {"flaskr/__init__.py": FACTORY, "tests/conftest.py": "def app(): ...\n"},
        "; flaskr/__init__.py has create_app(): set GUNICORN_WSGI_APP='flaskr:create_app()'",
    ),
    "src": (
        {"src/flaskr/__init__.py": FACTORY},
        "; src/flaskr/__init__.py has create_app(): "
        "set GUNICORN_WSGI_APP='flaskr:create_app()' and GUNICORN_PYTHONPATH=src",
    ),
    "main.py": (
        {"main.py": FLASK, "conftest.py": "def app(): ...\n"},
        "; main.py has app: set GUNICORN_WSGI_APP=main:app",
    ),
    "nothing": ({"notes.txt": ""}, "or MODULE:NAME on the command line or in GUNICORN_WSGI_APP"),
}


@pytest.mark.parametrize("kind", LINES)
def test_one_line_says_what_is_there(conf: Conf, tmp_path: Path, kind: str) -> None:
    files, line = LINES[kind]
    write(tmp_path, files)
    with pytest.raises(SystemExit) as ended:
        conf({}, ["--chdir", str(tmp_path)])
    said = str(ended.value)
    assert said.startswith(f"gunicorn.conf.py: chdir={tmp_path}: ")
    assert said.endswith(line)
    assert "\n" not in said


@pytest.mark.parametrize(
    ("files", "entry"),
    [
        ({"app.py": FACTORY}, "app:create_app()"),
        ({"run.py": "from shop import make_app\nif __name__ == '__main__':\n    make_app().run()"}, "run:make_app()"),
        ({"app/__init__.py": FACTORY}, "app:create_app()"),
        ({"app.py": FACTORY, "wsgi.py": "from app import create_app\napp = create_app()\n"}, "wsgi:app"),
        ({"app.py": FACTORY, "wsgi.py": "application = 1\n"}, "app:create_app()"),
    ],
    ids=str,
)
def test_a_factory_is_called_as_flask_run_does(conf: Conf, tmp_path: Path, files: dict[str, str], entry: str) -> None:
    write(tmp_path, files)
    assert conf({}, ["--chdir", str(tmp_path)]).wsgi_app == entry


def test_no_entry_module_is_one_line(conf: Conf, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=f"chdir={tmp_path}: no app found there: expected one of application.py, "):
        conf({"GUNICORN_CHDIR": str(tmp_path)}, [])


@pytest.mark.parametrize("app", ["nope:app", "nope", "nope.wsgi:app", "nope:create_app()"])
def test_a_module_that_is_not_there_is_one_line(conf: Conf, app: str) -> None:
    with pytest.raises(SystemExit) as ended:
        conf({}, [app])
    assert f"app={app}: expected MODULE:NAME with a module in /" in str(ended.value)
