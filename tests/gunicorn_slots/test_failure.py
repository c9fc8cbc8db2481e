"""Why an app does not start: its own words, its own lines, and nothing that is secret or long."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

import pytest

from gunicorn_slots.failure import told, where


def raised(folder: Path, text: str, **others: str) -> str:
    """What is told of an app of these lines, which raises."""
    for name, content in others.items():
        (folder / f"{name}.py").write_text(content)
    (folder / "shop.py").write_text(text)
    before = sys.path[:]
    sys.path.insert(0, str(folder))
    try:
        runpy.run_path(str(folder / "shop.py"))
    except (Exception, SystemExit) as error:
        return told(error, str(folder))
    finally:
        sys.path[:] = before
        for name in others:
            sys.modules.pop(name, None)
    raise AssertionError("it did not raise")


@pytest.mark.parametrize(
    ("text", "head", "last"),
    [
        ("import os\nkey = os.environ['NO_SUCH_KEY']", "KeyError: 'NO_SUCH_KEY'", "key = os.environ['NO_SUCH_KEY']"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'", "import no_such_module"),
        ("def x(:\n  pass", "SyntaxError: ", "def x(:"),
        ("import sys\nsys.exit('not today')", "SystemExit: not today", "sys.exit('not today')"),
        (
            "def create_app():\n  raise ValueError('a\\nb')\ncreate_app()",
            "ValueError: a b",
            "raise ValueError('a\\nb')",
        ),
        ("open('/nope/x', 'w')", "FileNotFoundError: [Errno 2] No such file or directory: '/nope/x'", ""),
        ("class Broken(Exception): pass\nraise Broken('x' * 10_000)", "Broken: xxx", "raise Broken('x' * 10_000)"),
        ("import json\njson.loads('{')", "json.decoder.JSONDecodeError: Expecting property name", "json.loads('{')"),
    ],
)
def test_the_exception_and_the_apps_own_lines(tmp_path: Path, text: str, head: str, last: str) -> None:
    first, *places = raised(tmp_path, text).splitlines()
    assert first.startswith("the app does not start: ")
    assert head in first
    assert len(first) < 500
    assert places[-2].startswith(f'  File "{tmp_path}/shop.py", line ')
    assert places[-1].strip().startswith(last)
    assert not [line for line in places if "site-packages" in line or "<frozen" in line or "/json/" in line]


def test_no_more_than_the_last_three_places(tmp_path: Path) -> None:
    text = raised(tmp_path, "def f(n):\n  return f(n - 1) if n else 1 / 0\nf(50)")
    assert text.count("  File ") == 3


def test_what_it_was_raised_from(tmp_path: Path) -> None:
    text = "try:\n  int('x')\nexcept ValueError as error:\n  raise RuntimeError('no number') from error"
    assert raised(tmp_path, text).startswith(
        "the app does not start: RuntimeError: no number, from ValueError: invalid literal"
    )


def test_no_password_of_an_address(tmp_path: Path) -> None:
    text = raised(tmp_path, "raise OSError('cannot reach postgres://shop:hunter2@db/shop')")
    assert "hunter2" not in text
    assert "postgres://shop:***@db/shop" in text


def test_a_file_of_the_app_that_is_not_the_first(tmp_path: Path) -> None:
    text = raised(tmp_path, "import settings_of_shop", settings_of_shop="KEY = {}['KEY']")
    assert f'File "{tmp_path}/settings_of_shop.py", line 1, in <module>' in text
    assert "KEY = {}['KEY']" in text


def test_where_it_hangs(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("def wait(look):\n    return look()\n")
    wait = runpy.run_path(str(tmp_path / "slow.py"))["wait"]
    (place,) = wait(lambda: where(sys._getframe(), str(tmp_path)))
    assert place.splitlines() == [f'  File "{tmp_path}/slow.py", line 2, in wait', "    return look()"]
    assert where(sys._getframe(), str(tmp_path)) == []


@pytest.mark.parametrize(
    "text",
    [
        "raise PermissionError(13, 'Permission denied', 'logs')",
        "raise OSError(30, 'Read-only file system', 'logs')",
        "import sqlite3\nsqlite3.connect('/proc/self/a.db').execute('CREATE TABLE a (b)')",
        "try:\n    raise PermissionError(13, 'logs')\nexcept OSError as error:\n    raise ValueError from error",
    ],
)
def test_an_app_that_may_not_write_is_told_who_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Root may write anywhere, so the folder is one that nobody can write to."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    line = "APP_WRITABLE=true in Compose, --build-arg WRITABLE=true for an image"
    assert raised(tmp_path, text).splitlines()[-1].endswith(line)
    assert line not in raised(tmp_path, "open('/nope/a.log')")


def test_an_app_that_may_write_is_not(tmp_path: Path) -> None:
    assert "APP_WRITABLE" not in raised(tmp_path, "raise PermissionError(13, 'logs')")
