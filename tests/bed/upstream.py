"""gunicorn's own tests, from its source distribution: they are not part of what is installed, and not ours to copy."""

from __future__ import annotations

import fcntl
import functools
import importlib.metadata
import re
import sys
import tarfile
import tempfile
from pathlib import Path

from tests.bed import ROOT
from tests.bed.programs import ended

PINNED = re.compile(r"^gunicorn==(?P<version>\S+) \\\n(?:    --hash=\S+(?: \\)?\n)+", re.MULTILINE)


class NoRegistryError(Exception):
    """The distribution could not be downloaded."""


@functools.cache
def gunicorns_tests() -> Path:
    """Return the folder of the tests of the gunicorn that is installed; downloaded once, and kept in /tmp.

    With the version that requirements.txt pins, the download's hash is the one there.

    Raises:
        NoRegistryError: it could not be downloaded, with what pip wrote.
    """
    version = importlib.metadata.version("gunicorn")
    folder = Path(tempfile.gettempdir()) / f"gunicorn-{version}-sdist"
    tests = folder / f"gunicorn-{version}" / "tests"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of tests that run side by side one downloads it
        if not tests.is_dir():
            download(version, folder)
    return tests


def download(version: str, folder: Path) -> None:
    """Have pip download and check the source distribution, and unpack it."""
    pinned = PINNED.search((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    assert pinned
    line = pinned[0] if pinned["version"] == version else f"gunicorn=={version}\n"
    (folder / "requirements.txt").write_text(line, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = ended([*pip, "--no-binary", "gunicorn", "--requirement", "requirements.txt"], cwd=folder, seconds=120)
    if done.returncode:
        raise NoRegistryError(done.stderr.strip())
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
