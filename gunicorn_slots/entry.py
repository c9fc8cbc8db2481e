# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""The app to serve, found as Azure App Service finds it."""

from __future__ import annotations

import importlib.machinery
import os
import sys
from collections.abc import Sequence

from gunicorn_slots.parsing import BadSettingError

# App Service looks for these, in this order, and starts `<name>:app`.
ENTRY_MODULES = ("application", "app", "run", "index", "server", "wsgi")


def find_entry(folder: str) -> str:
    """Return the app to serve, looked for as App Service does: Django first, then Flask's usual names.

    Raises:
        BadSettingError: there is none.
    """
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise BadSettingError("chdir", folder, f"expected a folder that can be read ({error.strerror})") from None
    for name in names:
        if name.isidentifier() and os.path.isfile(os.path.join(folder, name, "wsgi.py")):
            return f"{name}.wsgi"
    for name in ENTRY_MODULES:
        if any(os.path.isfile(os.path.join(folder, path)) for path in (f"{name}.py", f"{name}/__init__.py")):
            return f"{name}:app"
    modules = ", ".join(f"{name}.py" for name in ENTRY_MODULES)
    expected = (
        f"no app found there: expected one of {modules}, or MODULE:NAME on the command line or in GUNICORN_WSGI_APP"
    )
    raise BadSettingError("chdir", folder, expected)


def check_module(app: str, folders: Sequence[str]) -> None:
    """Refuse an app whose module is not there: each worker would say so with a traceback of its own."""
    module = app.partition(":")[0].partition(".")[0]
    path = [os.path.abspath(folder) for folder in folders if folder] + sys.path
    if module and importlib.machinery.PathFinder.find_spec(module, path) is None:
        raise BadSettingError("app", app, f"expected MODULE:NAME with a module in {path[0]}")
