"""What Linux runs has Linux's line ends in every clone, also in one by Git for Windows as it is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bed import ROOT
from tests.bed.compose import clone
from tests.bed.programs import ended

AUTHOR = ["-c", "user.name=a", "-c", "user.email=a@example.com"]


@pytest.mark.process
def test_a_clone_that_converts_line_ends(tmp_path: Path) -> None:
    origin, copy = tmp_path / "origin", tmp_path / "copy"
    origin.mkdir()
    clone(origin)
    for command in (["init", "--quiet"], ["add", "--all"], [*AUTHOR, "commit", "--quiet", "--message", "all"]):
        assert ended(["git", *command], cwd=origin).returncode == 0
    windows = ["-c", "core.autocrlf=true", "-c", "core.eol=crlf"]
    done = ended(["git", *windows, "clone", "--quiet", f"file://{origin}", str(copy)])
    assert done.returncode == 0, done.stderr
    texts = [name for name in ended(["git", "ls-files"], cwd=ROOT).stdout.splitlines() if not name.endswith(".png")]
    with_crlf = [[name for name in texts if b"\r\n" in (root / name).read_bytes()] for root in (copy, ROOT)]
    assert with_crlf[0] == with_crlf[1]
    assert b"\r" not in (copy / "sweep" / "entrypoint.sh").read_bytes()
