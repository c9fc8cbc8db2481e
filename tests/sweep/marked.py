"""Sweeps as processes of their own, of which none may be left behind."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from sweep import ROOT
from sweep.folder import Results, load

FAULTY = Path(__file__).parent / "faulty"
SHORT = ["--users", "8", "--repeats", "1", "--seconds", "1"]
# For tests in which no figure matters: on cores of its own, a sweep measures what another test disturbs once more.
SHARED = [*SHORT, "--share-cores"]
VISIT = ["--scenario", str(FAULTY / "visit.py")]
needs_two_cores = pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs a core for the app and one for Locust")


class Marked:
    """Sweeps whose processes can be told from all others, as they and all that they start carry a mark."""

    def __init__(self) -> None:
        self.mark = f"SWEEP_TEST_{uuid.uuid4().hex}"

    def start(self, *args: str, hangup: str = "SIG_DFL", **environ: str) -> subprocess.Popen[str]:
        # Set before it starts, as a shell does it; these tests may run under nohup themselves.
        begin = (
            f"import os, signal, sys; signal.signal(signal.SIGHUP, signal.{hangup});"
            "os.execv(sys.executable, [sys.executable, '-m', 'sweep', *sys.argv[1:]])"
        )
        return subprocess.Popen(
            [sys.executable, "-c", begin, *args],
            cwd=ROOT,
            env=os.environ | {self.mark: "1"} | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def left(self) -> list[psutil.Process]:
        """The processes that carry the mark; the kernel may need a moment for those that were killed."""
        end = time.monotonic() + 5
        while (left := list(self.present())) and time.monotonic() < end:
            time.sleep(0.05)
        return left

    def present(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if self.mark in process.environ() and process.status() != psutil.STATUS_ZOMBIE:
                    yield process


def finish(process: subprocess.Popen[str], seconds: float = 240) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=seconds)
    assert "Traceback" not in err, err
    return process.returncode, out, err


def swept(marked: Marked, folder: Path, *args: str, status: int = 0) -> Results:
    """Sweep an app of faulty/, and return what is left of it."""
    ended, _, err = finish(marked.start(*SHARED, *VISIT, "--chdir", str(FAULTY), "--out", str(folder), *args))
    assert ended == status, err
    assert not marked.left()
    results = load(folder)
    assert results.info.finished
    return results
