# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""The app to serve, found as Azure App Service finds it; where App Service's would not start, one line says what would.

App Service looks at names of files only, and starts `app` of the first that is there. Here each file is read, too, but
not run: `flask run` would call a factory, and a name that is not there is told with those that are.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import os
import sys
import tokenize
from collections.abc import Iterator, Sequence
from typing import Any

from gunicorn_slots.parsing import BadSettingError
from gunicorn_slots.reading import FACTORIES, Names

# App Service looks for these, in this order, and starts `<name>:app`.
ENTRY_MODULES = ("application", "app", "run", "index", "server", "wsgi")
# What it calls a virtual environment of its own; others have this file.
ANTENV, PYVENV = "antenv", "pyvenv.cfg"


def find_entry(folder: str) -> str:
    """Return the app to serve, looked for as App Service does: Django first, then Flask's usual names.

    Raises:
        BadSettingError: there is none, or the file that is there does not have it.
    """
    try:
        folders = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    except OSError as error:
        raise BadSettingError("chdir", folder, f"expected a folder that can be read ({error.strerror})") from None
    for name in folders:
        path = os.path.join(folder, name, "wsgi.py")
        if name != ANTENV and os.path.isfile(path) and not os.path.exists(os.path.join(folder, name, PYVENV)):
            return django(folder, name, path)
    found = list(entries(folder))
    if not found:
        raise BadSettingError("chdir", folder, nothing_there(folder, folders))
    module, path = found[0]
    names = read(path)
    if names is None or names.may_have("app"):
        return f"{module}:app"
    if factory := names.factory():
        return better_than_factory(found) or f"{module}:{factory}()"
    raise BadSettingError("chdir", folder, what_is_there(folder, module, path, names, found))


def entries(folder: str) -> Iterator[tuple[str, str]]:
    """Yield module and path of each file that App Service looks for; of packages of these names if there is none."""
    for pattern in ("{}.py", "{}/__init__.py"):
        paths = [(name, os.path.join(folder, pattern.format(name))) for name in ENTRY_MODULES]
        if there := [(name, path) for name, path in paths if os.path.isfile(path)]:
            yield from there
            return


def django(folder: str, name: str, path: str) -> str:
    """Return a Django project's app."""
    names = read(path)
    if names and not names.may_have("application"):
        found = next((one for one in ("app", "server", *names.made()) if one in names.bound), "")
        hint = f", but {found}: {use(f'{name}.wsgi', found)}" if found else f": {use('MODULE', 'NAME')}"
        raise BadSettingError("chdir", folder, f"{name}/wsgi.py has no application{hint}")
    return f"{name}.wsgi"


def better_than_factory(found: Sequence[tuple[str, str]]) -> str:
    """Return the app of wsgi.py if it has one: `flask run` takes that before a factory, as it is made for servers."""
    for module, path in found:
        names = read(path) if module == "wsgi" else None
        if names and "app" in names.bound:
            return "wsgi:app"
    return ""


def what_is_there(folder: str, module: str, path: str, names: Names, found: Sequence[tuple[str, str]]) -> str:
    """Say of a file without `app` what can be served instead."""
    line = f"{shown(folder, path)} has no app"
    for factory in FACTORIES:
        if factory in names.bound and (needs := names.needs(factory)):
            return f"{line}, and its {factory} needs {', '.join(needs)}: {use(module, f'{factory}(...)')}"
    if name := next((one for one in ("application", "server", *names.made()) if one in names.bound), ""):
        return f"{line}, but {name}: {use(module, name)}"
    for other, place in found:
        known = read(place)
        if known and "app" in known.bound:
            return f"{line}, but {shown(folder, place)} has: {use(other, 'app')}"
    return f"{line}: {use('MODULE', 'NAME')}"


def nothing_there(folder: str, folders: Sequence[str]) -> str:
    """Say that no name is there that App Service knows, and where an app is instead."""
    modules = ", ".join(f"{name}.py" for name in ENTRY_MODULES)
    line = f"no app found there: expected one of {modules}, or MODULE:NAME on the command line or in GUNICORN_WSGI_APP"
    for place in elsewhere(folder, folders):
        names = read(os.path.join(folder, place))
        if names and (name := next(iter(names.made()), "") or (names.factory() and f"{names.factory()}()")):
            module = place.removeprefix("src/").removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
            # Not installed, it is found below src/ only if it is said.
            missing = importlib.machinery.PathFinder.find_spec(module.partition(".")[0], [folder, *sys.path]) is None
            return f"{line}; {place} has {name}: {use(module, name)}{missing * ' and GUNICORN_PYTHONPATH=src'}"
    return line


def elsewhere(folder: str, folders: Sequence[str]) -> Iterator[str]:
    """Yield the files in which people have their app where it is in none that App Service knows."""
    sources = os.path.join(folder, "src")
    within = [f"src/{name}" for name in sorted(os.listdir(sources))] if "src" in folders else []
    yield from sorted(name for name in os.listdir(folder) if name.endswith(".py"))
    for package in [*folders, *within]:
        for name in ("__init__", "app", "main"):
            if os.path.isfile(os.path.join(folder, path := f"{package}/{name}.py")):
                yield path


def use(module: str, name: str) -> str:
    """Say how an app is named. It is quoted where a shell would read the parentheses."""
    app = f"{module}:{name}"
    return "set GUNICORN_WSGI_APP=" + (f"'{app}'" if "(" in app else app)


def shown(folder: str, path: str) -> str:
    return os.path.relpath(path, folder)


def read(path: str) -> Names | None:
    """Return the names that a file has; None if it cannot be read, which the import will say better."""
    try:
        with tokenize.open(path) as file:
            return Names(file.read())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


def check_module(app: str, folders: Sequence[str]) -> None:
    """Refuse an app whose module is not there: each worker would say so with a traceback of its own."""
    module = app.partition(":")[0].partition(".")[0]
    path = [os.path.abspath(folder) for folder in folders if folder] + sys.path
    if module and importlib.machinery.PathFinder.find_spec(module, path) is None:
        raise BadSettingError("app", app, f"expected MODULE:NAME with a module in {path[0]}")


def serving_path(folder: str, pythonpath: str | None) -> list[str]:
    """Return the folders of `pythonpath`, which gunicorn takes from the app's folder on."""
    parts = [part.strip() for part in (pythonpath or "").split(",") if part.strip()]
    return [os.path.abspath(os.path.join(folder, part)) for part in parts]


@contextlib.contextmanager
def as_when_serving(cfg: Any) -> Iterator[None]:
    """Be where gunicorn is when it serves, and find modules where it finds them then."""
    before, path = os.getcwd(), sys.path.copy()
    try:
        os.chdir(cfg.chdir)
        sys.path[:0] = [*serving_path(os.getcwd(), cfg.pythonpath), os.getcwd()]
        yield
    finally:
        sys.path[:] = path
        os.chdir(before)
