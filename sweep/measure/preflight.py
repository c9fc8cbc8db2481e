"""What the app's own Python says before anything is measured."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sweep import ROOT
from sweep.errors import BadOptionError, SweepError
from sweep.measure.processes import clean_environ
from sweep.options import Options

CONF = "gunicorn.conf.py"
# Run by the app's Python in the app's folder: what gunicorn.conf.py says of the settings, and the versions.
SCRIPT = """
import importlib.metadata, json, platform, runpy, sys
conf, sys.argv = sys.argv[1], ["gunicorn", *sys.argv[2:]]
try:
    import gunicorn
except ImportError:
    sys.exit("no gunicorn")
settings = runpy.run_path(conf, run_name="__config__")
names = ("gunicorn", "flask", "django", "gevent")
versions = {}
for name in names:
    try:
        versions[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
versions = {"Python": platform.python_version(), **versions}
print(json.dumps({"app": settings.get("wsgi_app"), "versions": versions}))
"""


class RefusedError(SweepError):
    """gunicorn.conf.py refuses a setting: its line."""


@dataclass(frozen=True)
class Preflight:
    """What was said.

    Attributes:
        app: MODULE:NAME, as given or as gunicorn.conf.py found it.
        versions: of Python, gunicorn and what else is known, by name.
    """

    app: str
    versions: dict[str, str]


def conf_of(folder: Path) -> Path:
    """Return the configuration file for an app's folder: its own where it has a copy of all that belongs to it."""
    own = (folder / CONF).is_file() and (folder / "gunicorn_slots").is_dir()
    return (folder if own else ROOT) / CONF


def preflight(options: Options) -> Preflight:
    """Have gunicorn.conf.py take the settings, in the app's Python and folder.

    Raises:
        BadOptionError: that Python cannot be run, or has no gunicorn.
        RefusedError: gunicorn.conf.py refuses a setting.
    """
    variables = {f"GUNICORN_{name.upper()}": value for name, value in options.gunicorn.items()}
    command = [options.python, "-c", SCRIPT, str(conf_of(Path(options.chdir))), *filter(None, [options.app])]
    try:
        done = subprocess.run(
            command,
            cwd=options.chdir,
            env=clean_environ(variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired):
        raise BadOptionError("python", options.python, "a Python that can be run") from None
    line = (done.stderr.strip().splitlines() or [""])[-1]
    if done.returncode and line.startswith("gunicorn.conf.py:"):
        raise RefusedError(line)
    try:
        said = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        expected = "a Python that has gunicorn and what the app requires"
        raise BadOptionError("python", options.python, expected) from None
    return Preflight(options.app or said["app"], said["versions"])
