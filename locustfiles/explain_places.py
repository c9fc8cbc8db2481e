"""Where files are that a person names: in Compose Locust's container has the folders of the machine at other places.

reports/              where runs are kept; beside the folder of these files, in the container as well
APP_DIR               the folder of an app of one's own, which the container has at /mnt/app
HOST_PWD, HOST_HOME   what a relative path and ~ start from outside
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
APP = Path("/mnt/app")
REPORTS = "reports"
OFF = ("off", "false", "none")


def absolute(path: str, environ: Mapping[str, str]) -> str:
    """Return a path of the machine outside from its root."""
    plain = path.replace("\\", "/")
    if plain == "~" or plain.startswith("~/"):
        plain = environ.get("HOST_HOME", "").replace("\\", "/") + plain[1:]
    return posixpath.normpath(posixpath.join(environ.get("HOST_PWD", "/").replace("\\", "/"), plain))


def below(name: str, folder: str, environ: Mapping[str, str]) -> str | None:
    """Return a path outside as seen from a folder there; None if it is not in that folder."""
    inside = posixpath.relpath(absolute(name, environ), absolute(folder, environ))
    return None if inside == ".." or inside.startswith("../") else inside


def there(name: str, environ: Mapping[str, str], app: Path = APP, here: Path = HERE) -> Path:
    """Return where a file is from here; its own path where it is in no folder that is known."""
    candidates = [Path(name).expanduser(), here.parent / name]
    if environ.get("HOST_PWD"):
        folders = {REPORTS: here.parent / REPORTS, environ.get("APP_DIR", ""): app}
        candidates += [
            place / inside
            for folder, place in folders.items()
            if folder and (inside := below(name, folder, environ)) is not None
        ]
    return next((path for path in candidates if path.exists()), candidates[0])


def near(path: Path, here: Path = HERE) -> Path:
    """Return a path as a person outside has it: from the repository's folder where it is in there."""
    return path.relative_to(here.parent) if path.is_relative_to(here.parent) else path


def reports(value: str | None, here: Path = HERE) -> Path | None:
    """Return the folder in which runs are kept; None for none.

    Args:
        value: what was asked for; empty for the repository's own, where these files lie in it: a copy of them has none.
        here: their folder.
    """
    if value:
        return None if value.lower() in OFF else Path(value)
    own = here.parent / REPORTS
    return own if (own / ".gitignore").is_file() else None
