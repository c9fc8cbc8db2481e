"""An app that misses a variable of its environment is told where those go, where that is known, and no other one is."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest

from gunicorn_slots.failure import told

LINE = "  the app's variables go into app.env in its folder, or into a file that APP_ENV_FILE names"
# What libraries raise, in their own words.
DECOUPLE = "NO_SUCH_KEY not found. Declare it as envvar or define a default value."
ENVIRONS = 'Environment variable "NO_SUCH_KEY" not set'
SEALED = "Environment variables invalid: {'NO_SUCH_KEY': ['Environment variable not set.']}"
FLASK = "The environment variable 'NO_SUCH_KEY' is not set and as such configuration could not be loaded."
DJANGO = "settings are not configured. You must either define the environment variable NO_SUCH_KEY or call configure()."
FIELD = "1 validation error for Settings\\nno_such_key\\n  Field required [type=missing, input_value={}]"
FIELD_1 = "1 validation error for Settings\\nno_such_key\\n  field required (type=value_error.missing)"
# Two Scoops of Django, and django-environ.
ASKING = "import os\ntry:\n    os.environ['NO_SUCH_KEY']\nexcept KeyError{}:\n    raise RuntimeError('{}'){}"


def raised(folder: Path, text: str) -> str:
    """What is told of an app of these lines, which raises."""
    (folder / "shop.py").write_text(text)
    try:
        runpy.run_path(str(folder / "shop.py"))
    except (Exception, SystemExit) as error:
        return told(error, str(folder))
    raise AssertionError("it did not raise")


def settings(module: str, message: str) -> str:
    """An app whose settings class is that of a library, which raises."""
    return (
        f"library = {{'__name__': '{module}'}}\n"
        f'exec("""def load():\\n    raise ValueError({message!r})""", library)\n'
        "library['load']()"
    )


MISSING = {
    "os.environ": "import os\nos.environ['NO_SUCH_KEY']",
    "as bytes": "import os\nos.environb[b'NO_SUCH_KEY']",
    "pop": "import os\nos.environ.pop('NO_SUCH_KEY')",
    "raised again": "import os\ntry:\n    os.environ['NO_SUCH_KEY']\nexcept KeyError as error:\n    raise error",
    "raised from it": ASKING.format(" as error", "no key", " from error"),
    "says its name": ASKING.format("", "Set NO_SUCH_KEY, please", ""),
    "says its name alone": ASKING.format("", "Set NO_SUCH_KEY, please", " from None"),
    "decouple": f"raise ValueError('''{DECOUPLE}''')",
    "environs": f"raise ValueError('''{ENVIRONS}''')",
    "environs, sealed": f'raise ValueError("""{SEALED}""")',
    "Flask": f'raise RuntimeError("""{FLASK}""")',
    "Django": f"raise RuntimeError('''{DJANGO}''')",
    "in words": "raise RuntimeError('the NO_SUCH_KEY environment variable is required')",
    "sys.exit": "import sys\nsys.exit('missing environment variable: NO_SUCH_KEY')",
    "pydantic-settings": settings("pydantic_settings.main", FIELD),
    "pydantic 1": settings("pydantic.env_settings", FIELD_1),
}
OTHER = {
    "a plain dict": "{}['NO_SUCH_KEY']",
    "a dict within": "import os\nconfig = dict(os.environ)\nconfig['NO_SUCH_KEY']",
    "one of its own": "class Environ(dict):\n  def __getitem__(self, key):\n    raise KeyError(key)\nEnviron()['A']",
    "asked for, and done without": ASKING.format("", "no route to host", ""),
    "the same, alone": ASKING.format("", "no route to host", " from None"),
    "one that is there": "raise RuntimeError('the environment variable PATH is odd')",
    "one that is there, in its family": "raise RuntimeError('the POSIX environment variable PATH is odd')",
    "a setting": "raise RuntimeError('The SECRET_KEY setting must not be empty.')",
    "a word": "raise RuntimeError('an environment variable is odd')",
    "another model": settings("pydantic.main", FIELD),
    "a field of settings": settings("pydantic_settings.main", "1 validation error for Settings\\nnumber\\n  no number"),
    "no message": "raise RuntimeError",
}


@pytest.mark.parametrize("text", MISSING.values(), ids=MISSING)
def test_a_variable_that_is_missing(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_VARIABLES_IN", "app.env")
    lines = raised(tmp_path, text).splitlines()
    assert lines[-1] == LINE
    assert lines.count(LINE) == 1
    assert "NO_SUCH_KEY" in "\n".join(lines).upper()


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER)
def test_what_is_something_else(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_VARIABLES_IN", "app.env")
    assert "app.env" not in raised(tmp_path, text)


def test_one_that_is_there_and_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose has it so, where .env names it and gives it no value."""
    monkeypatch.setenv("APP_VARIABLES_IN", "app.env")
    monkeypatch.setenv("NO_SUCH_KEY", "")
    assert raised(tmp_path, f"raise ValueError('''{ENVIRONS}''')").splitlines()[-1] == LINE


@pytest.mark.parametrize("value", [None, ""])
def test_elsewhere_nobody_knows_where_variables_go(
    value: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("APP_VARIABLES_IN", raising=False)
    if value is not None:
        monkeypatch.setenv("APP_VARIABLES_IN", value)
    assert "NO_SUCH_KEY" not in os.environ
    assert "APP_ENV_FILE" not in raised(tmp_path, MISSING["os.environ"])
