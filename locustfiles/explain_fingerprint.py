"""A fingerprint of what the users of a run do: of two runs with the same one, the same was asked of the same app.

The locustfiles and what they import beside them, the user classes, the options that are not Locust's own, and APP_DIR.
Not the number of users and the host, which run.json and the analysis have by themselves.
"""

from __future__ import annotations

import hashlib
import json
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from locust.argument_parser import default_args_dict, get_parser

from explain_places import absolute

# Of the options that are not Locust's own, those that ask nothing of the app; and of Locust's, those that choose.
OURS = ("analysis_json", "reports", "print_tally", "rps_seed")
CHECK = "check_"
CHOOSING = ("tags", "exclude_tags")


def code_of(environment: Any) -> str | None:
    """Return a hash of the locustfiles and of what they have imported beside or below them; None if it is not known.

    As they are now: to be asked when they have just been loaded, as they may be edited while the test runs.
    """
    sums = hashlib.sha256()
    try:
        files = sorted({Path(name).resolve() for name in environment.parsed_locustfiles or ()})
        for file in files:
            for path in sorted({file, *loaded_below(file.parent)}):
                sums.update(path.read_bytes())
                sums.update(b"\0")
    except OSError:
        return None
    return sums.hexdigest() if files else None


def loaded_below(folder: Path) -> Iterator[Path]:
    """Return the files of a folder that were imported, without installed packages, as of an environment in it."""
    installed = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib")]
    for module in list(sys.modules.values()):
        name = getattr(module, "__file__", None)
        if isinstance(name, str) and name.endswith(".py"):
            path = Path(name).resolve()
            if path.is_relative_to(folder) and not any(map(path.is_relative_to, installed)):
                yield path


def fingerprint(environment: Any, code: str | None, environ: Mapping[str, str]) -> str | None:
    """Return a hash of what the users of a run do, and of which app's folder; None if that is not known.

    Args:
        environment: Locust's, with its options and user classes.
        code: what code_of returned.
        environ: the environment's variables.
    """
    if code is None:
        return None
    options = vars(environment.parsed_options)
    apart = (set(default_args_dict()) - set(CHOOSING)) | set(OURS) | secrets()
    chosen = {name: str(value) for name, value in options.items() if name not in apart and value not in (None, "", [])}
    app = environ.get("APP_DIR", "")
    asked = {
        "code": code,
        "users": sorted(
            (one.__name__, str(one.weight), str(one.fixed_count), str(one.host)) for one in environment.user_classes
        ),
        "options": {name: value for name, value in chosen.items() if not name.startswith(CHECK)},
        "app": absolute(app, environ) if app else "",
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def secrets() -> set[str]:
    """Return the options whose values nobody is to see."""
    # argparse has no public way to ask.
    return {action.dest for action in get_parser()._actions if getattr(action, "is_secret", False)}
