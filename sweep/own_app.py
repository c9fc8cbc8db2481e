"""`make sweep APP_DIR=FOLDER`: a copy of an app's folder with an environment that has what it requires, then its sweep.

python -m sweep.own_app FOLDER PYTHON, and the sweep's own options; PYTHON is the one that runs the sweep. What is
installed, and in which order it is looked for, is as in the Dockerfile. Standard library only, as it runs before any
environment is there.
"""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import tomllib

from sweep import ROOT

PLACE = ROOT / ".own-app"
VARIABLES = "app.env"  # in an app's folder: its own
# As in the Dockerfile: what only its own machine needs, and what is secret.
LEFT_OUT = (
    *(".git", ".hg", ".svn", ".venv", "venv", "antenv", "node_modules", "__pycache__", ".own-app"),
    *(".env", ".env.*", "*.env", ".envrc", "*.pfx", "*.p12", "*.key", "id_rsa*", "id_ed25519*"),
    *(".ssh", ".aws", ".azure", ".netrc", ".pgpass", ".pypirc"),
)
MANIFESTS = ("*.txt", "*.in", "pyproject.toml", "setup.py", "setup.cfg", "*.lock")
LOCAL = re.compile(r"^\s*(?:(?:-e|--editable)[\s=]*)?(?:\.|file:|[^-#:@\s][^:@#\s]*/)", re.MULTILINE)
VARIABLE = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*")


class OwnAppError(Exception):
    """An app that cannot be swept: one line."""


def left_out(folder: str, names: Sequence[str]) -> set[str]:
    """Return the names in a folder that are not copied."""
    found = {name for name in names if any(fnmatch.fnmatch(name, pattern) for pattern in LEFT_OUT)}
    return found | {name for name in names if (Path(folder) / name / "pyvenv.cfg").exists()}


def pin(tool: str) -> str:
    """Return a tool with its version, which the Dockerfile says."""
    versions = dict(re.findall(r"^ARG (\w+)_VERSION=(\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    return f"{tool}=={versions[tool.upper()]}"


class OwnApp:
    """An app's folder, and what is made of it.

    Attributes:
        source: the folder, as it is.
        folder: its copy.
        python: the Python of its environment.
    """

    def __init__(self, source: Path) -> None:
        self.source = source
        self.place = PLACE / f"{source.name}-{zlib.crc32(os.fsencode(source)):08x}"
        self.folder, self.venv = self.place / "app", self.place / "venv"
        self.python = self.venv / "bin" / "python"

    def copy(self) -> None:
        """Take the folder as it is now.

        Raises:
            OwnAppError: a file of it cannot be read.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        try:
            shutil.copytree(self.source, self.folder, symlinks=True, ignore=left_out)
        except shutil.Error as error:
            failed = error.args[0]
            path, reason = failed[0][0], failed[0][2]
            more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
            raise OwnAppError(f"APP_DIR={self.source}: {path} cannot be copied ({reason}){more}") from None
        except OSError as error:
            raise OwnAppError(f"APP_DIR={self.source}: cannot be copied ({error})") from None

    def install(self) -> None:
        """Install what it requires, unless that is there.

        Raises:
            OwnAppError: it cannot be installed.
        """
        stamp, found = self.place / "installed", self.digest()
        if not (stamp.exists() and stamp.read_text() == found and self.python.exists()):
            stamp.unlink(missing_ok=True)
            self.run(sys.executable, "-m", "venv", "--clear", str(self.venv))
            self.requirements()
            if not (self.venv / "bin" / "gunicorn").exists():
                self.pip(pin("gunicorn"))
        self.itself()
        stamp.write_text(found)

    def digest(self) -> str:
        """Return what changes with the files that say what to install."""
        digest = hashlib.sha256(sys.version.encode())
        paths = {path for pattern in MANIFESTS for path in self.folder.rglob(pattern) if path.is_file()}
        for path in sorted(paths):
            digest.update(str(path.relative_to(self.folder)).encode() + path.read_bytes())
        return digest.hexdigest()

    def requirements(self) -> None:
        """Install what is downloaded."""
        if self.has("requirements.txt"):
            self.pip("--requirement", "requirements.txt")
        elif self.has("setup.py"):
            self.pip(".")
        elif self.has("uv.lock"):
            self.tool("uv", "sync", "--frozen", "--no-dev", "--no-install-local")
        elif "poetry" in self.project().get("tool", {}):
            self.tool("poetry", "install", "--only", "main", "--no-root", "--no-interaction")
        else:
            self.pip(*self.project().get("project", {}).get("dependencies", []))

    def itself(self) -> None:
        """Install what is built from the folder itself: its copy is another one each time."""
        if self.has("requirements.txt"):
            if any(LOCAL.search(path.read_text(errors="replace")) for path in self.folder.rglob("*.txt")):
                self.pip("--requirement", "requirements.txt")
        elif self.has("setup.py"):
            self.pip("--no-deps", "--force-reinstall", ".")
        elif "build-system" not in self.project():
            return
        elif self.has("uv.lock"):
            self.tool("uv", "sync", "--frozen", "--no-dev", "--inexact")
        elif "poetry" in self.project().get("tool", {}):
            # A project may be no package at all; what it requires is there by now.
            with contextlib.suppress(OwnAppError):
                self.tool("poetry", "install", "--only", "main", "--no-interaction")
        else:
            self.pip("--no-deps", "--editable", ".")

    def has(self, name: str) -> bool:
        return (self.folder / name).is_file()

    def project(self) -> dict[str, dict[str, list[str]]]:
        """Return pyproject.toml; {} without one.

        Raises:
            OwnAppError: it cannot be read.
        """
        path = self.folder / "pyproject.toml"
        try:
            return tomllib.loads(path.read_text()) if path.is_file() else {}
        except (OSError, ValueError) as error:
            raise OwnAppError(f"{self.source / 'pyproject.toml'}: {error}") from None

    def pip(self, *what: str) -> None:
        if what:
            self.run(str(self.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what)

    def tool(self, name: str, *args: str) -> None:
        """Run uv or Poetry, from an environment of its own, for the app's."""
        program = PLACE / "tools" / name / "bin" / name
        if not program.exists():
            self.run(sys.executable, "-m", "venv", str(program.parent.parent))
            self.run(str(program.parent / "pip"), "install", "--quiet", "--disable-pip-version-check", pin(name))
        self.run(str(program), *args)

    def run(self, *command: str) -> None:
        """Run a program in the copy; what it writes is shown if it fails."""
        venv = str(self.venv)
        environ = {**os.environ, "VIRTUAL_ENV": venv, "UV_PROJECT_ENVIRONMENT": venv, "UV_PYTHON": str(self.python)}
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environ,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            print(done.stdout, file=sys.stderr)
            raise OwnAppError(f"APP_DIR={self.source}: what it requires cannot be installed, as the lines above say")


def variables(text: str, known: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a file as Compose reads it: quotes, comments, and $NAME where it is not in '...'."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = VARIABLE.fullmatch(line)
        if not match:
            continue
        name, value = match.groups()
        if quoted := re.match(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"", value):
            plain, text_of = quoted.groups()
        else:
            plain, text_of = None, re.sub(r"(^|\s)#.*", "", value)
        found[name] = plain if plain is not None else expanded(text_of, {**known, **found})
    return found


def expanded(text: str, known: Mapping[str, str]) -> str:
    """Return a text with the values of its $NAME and ${NAME}; $$ is a $."""

    def value(match: re.Match[str]) -> str:
        return "$" if match[0] == "$$" else known.get(match[1] or match[2], "")

    return re.sub(r"\$\$|\$(?:(\w+)|\{(\w+)\})", value, text)


def environ_of(source: Path, environ: Mapping[str, str], root: Path = ROOT) -> dict[str, str]:
    """Return the environment with the app's variables: of .env, of app.env beside it, of the file in APP_ENV_FILE.

    Raises:
        OwnAppError: that file cannot be read.
    """
    found: dict[str, str] = {}
    with contextlib.suppress(OSError, ValueError):
        found = variables((root / ".env").read_text(encoding="utf-8"), environ)
    named = environ.get("APP_ENV_FILE") or found.get("APP_ENV_FILE")
    for path in (source / VARIABLES, *([root / Path(named).expanduser()] if named else [])):
        try:
            found |= variables(path.read_text(encoding="utf-8"), environ)
        except (OSError, ValueError) as error:
            if named and path == root / Path(named).expanduser():
                raise OwnAppError(f"APP_ENV_FILE={named}: expected a file that can be read ({error})") from None
    return {**found, **environ}


def become(command: list[str], environ: Mapping[str, str]) -> NoReturn:
    """Turn this process into another program, so that a signal reaches that one alone."""
    os.execve(command[0], command, environ)  # noqa: S606 no shell is wanted


def main(argv: Sequence[str]) -> int:
    """Return the exit status: 2 with one line if there is nothing to sweep, else the sweep's."""
    given, python, *options = argv
    source = Path(given).expanduser().absolute()
    try:
        if not source.is_dir():
            raise OwnAppError(f"APP_DIR={given}: expected a folder that is there")
        app = OwnApp(source)
        environ = environ_of(source, os.environ)
        app.copy()
        app.install()
    except OwnAppError as error:
        print(f"sweep: {error}", file=sys.stderr)
        return 2
    ours = {"APP_DIR": str(source), "SWEEP_CHDIR": str(app.folder), "SWEEP_PYTHON": str(app.python)}
    become([python, "-m", "sweep", *options], environ | ours | {"APP_VARIABLES_IN": VARIABLES})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
