"""Locust with the analysis, whatever its locustfile: `python explain_main.py`, then Locust's own options.

A locustfile of your own needs no `import explain`; it is done here. In Compose such a file lies in the folder that
APP_DIR names, which Locust's container has at another place: its path is turned into the one there.

    APP_DIR               that folder, as it was named; "" without one
    HOST_PWD, HOST_HOME   what a relative path and ~ start from
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# Last, so that a locustfile may have modules of whatever names beside it; `python -P` leaves this folder out.
sys.path.append(str(Path(__file__).resolve().parent))
from explain_places import APP, HERE, below

# What serves an app that brings a locustfile, one that brings none, and the sample app, by default.
OWN, PAGES, DEFAULT = "locustfile.py", "pages.py", "scenarios.py"


class BadLocustfileError(Exception):
    """No locustfile that can be reached from here: its name, and what was expected."""


def located(name: str, environ: Mapping[str, str], app: Path = APP, here: Path = HERE) -> str:
    """Return where a locustfile is in this container.

    Args:
        name: as it was given.
        environ: where the folder that APP_DIR names is outside.
        app: where it is here.
        here: the folder of the scenarios.

    Raises:
        BadLocustfileError: it is in neither.
    """
    if name.startswith(("http://", "https://")) or (here / name).exists():
        return name
    folder = environ.get("APP_DIR", "")
    inside = below(name, folder, environ) if folder else None
    if inside is not None and (app / inside).exists():
        return str(app / inside)
    if folder and not name.startswith(("/", "~", ".")) and (app / name).exists():
        return str(app / name)
    where = f"or in APP_DIR={folder}" if folder else "or in the folder that APP_DIR names"
    raise BadLocustfileError(f"LOCUST_LOCUSTFILE={name}: expected a file in locustfiles/, {where}")


def by_default(environ: Mapping[str, str], app: Path = APP) -> str:
    """Return the locustfile if nobody has named one."""
    if not environ.get("APP_DIR"):
        return DEFAULT
    return str(app / OWN) if (app / OWN).is_file() else PAGES


def arguments(given: Sequence[str], environ: Mapping[str, str], app: Path = APP) -> tuple[list[str], str]:
    """Return Locust's options with each locustfile's place in them, and the value of LOCUST_LOCUSTFILE."""
    found, following = [], False
    for word in given:
        option, equals, value = word.partition("=")
        if following:
            found.append(places(word, environ, app))
        elif option == "--locustfile" and equals:
            found.append(f"{option}={places(value, environ, app)}")
        else:
            found.append(word)
        following = word in ("-f", "--locustfile")
    names = environ.get("LOCUST_LOCUSTFILE", "")
    return found, places(names, environ, app) if names not in ("", DEFAULT) else by_default(environ, app)


def places(names: str, environ: Mapping[str, str], app: Path) -> str:
    """Return the places of locustfiles; they are separated by commas."""
    return ",".join(located(name.strip(), environ, app) for name in names.split(",") if name.strip())


def main() -> int:
    """Run Locust, and return its exit status; 1 with one line for a locustfile that cannot be reached."""
    try:
        sys.argv[1:], os.environ["LOCUST_LOCUSTFILE"] = arguments(sys.argv[1:], os.environ)
    except BadLocustfileError as error:
        print(error, file=sys.stderr)
        return 1
    from locust.main import main as locust  # noqa: PLC0415 it reads LOCUST_LOCUSTFILE when it is imported

    import explain  # noqa: F401, PLC0415 adds options and listens to Locust's events

    return int(locust() or 0)  # type: ignore[no-untyped-call] # Locust's


if __name__ == "__main__":
    sys.exit(main())
