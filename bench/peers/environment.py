"""Where the servers are installed: an environment of their own, with what requirements.txt beside this pins."""

from __future__ import annotations

import json
import re
import shutil
import sys
import sysconfig
from pathlib import Path

import click

from tests.bed import ROOT
from tests.bed.programs import ended

VENV = ROOT / ".venv-peers"
BIN = VENV / "bin"
LOCK = Path(__file__).parent / "requirements.txt"
# These have no wheels: pip compiles them here, which may fail, and then the others go on without.
COMPILED = ("uwsgi",)
MINUTES = 10


def entries(lock: str) -> dict[str, str]:
    """Return what a lock file pins, each package's lines by its name."""
    return {re.split("[=<> ;]", entry, maxsplit=1)[0]: entry for entry in re.split(r"\n(?=\S)", lock.strip())}


def version(package: str) -> str:
    """Return the version that the lock file pins."""
    return entries(LOCK.read_text(encoding="utf-8"))[package].split()[0].partition("==")[2]


def compiler_missing() -> str | None:
    """Return what is missing to compile a package of Python, None if nothing is."""
    if not (shutil.which("cc") or shutil.which("gcc")):
        return "needs a C compiler"
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return "needs Python's C headers"
    return None


def last_line(text: str) -> str:
    """Return the line with which a program gives its reason."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["it said nothing"])[-1]


def made() -> str | None:
    """Make the environment; return why not, None if it is there."""
    done = ended([sys.executable, "-m", "venv", str(VENV)], seconds=120)
    return last_line(done.stderr) if done.returncode else None


def pip(packages: dict[str, str]) -> str | None:
    """Install packages as they are pinned; return why not, None if they are there."""
    wanted = VENV / "wanted.txt"
    wanted.write_text("\n".join(packages.values()) + "\n", encoding="utf-8")
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement", str(wanted)]
    done = ended([str(BIN / "python"), "-m", "pip", "install", *options], seconds=60 * MINUTES)
    return last_line(done.stderr) if done.returncode else None


def install() -> dict[str, str]:
    """Install the servers unless they are there; return those that are not, and why.

    Raises:
        ClickException: one that needs no compiler could not be installed.
    """
    stamp = VENV / "installed"
    if stamp.exists() and stamp.stat().st_mtime > LOCK.stat().st_mtime:
        missing: dict[str, str] = json.loads(stamp.read_text(encoding="utf-8"))
        if not missing:  # what is missing may be installable by now
            return missing
    click.echo(f"  installing the servers in {VENV.name}", err=True)
    if why := made():
        raise click.ClickException(f"{VENV.name}: Python's venv cannot make it: {why}")
    packages = entries(LOCK.read_text(encoding="utf-8"))
    if why := pip({name: lines for name, lines in packages.items() if name not in COMPILED}):
        raise click.ClickException(f"{LOCK.relative_to(ROOT)}: pip cannot install it: {why}")
    missing = {}
    for name in COMPILED:
        if why := compiler_missing() or pip({name: packages[name]}):
            missing[name] = why
            click.echo(f"  {name}: not measured: {why}", err=True)
    stamp.write_text(json.dumps(missing), encoding="utf-8")
    return missing
