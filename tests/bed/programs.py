"""Runs any program, on cores of its own if asked: in a block, or to its end."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sweep.measure import launch


def pinned(command: Sequence[str], pin: set[int] | None) -> list[str]:
    """Return the command line that runs a program on some cores (None: on all); it dies when this process does."""
    return [sys.executable, "-I", launch.__file__, str(os.getpid()), ",".join(map(str, sorted(pin or ()))), *command]


@contextlib.contextmanager
def program(
    command: Sequence[str],
    environ: Mapping[str, str] | None = None,
    *,
    cwd: Path | None = None,
    pin: set[int] | None = None,
    log: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends, and then tell it to end.

    Args:
        command: the program and its arguments.
        environ: its environment; this process's by default.
        cwd: the folder to start in.
        pin: the cores it may use, with all its children.
        log: takes all that it writes.

    Raises:
        subprocess.TimeoutExpired: it did not end within 40 s, so it was killed.
    """
    with (log or Path(os.devnull)).open("wb") as output:
        process = subprocess.Popen(
            pinned(command, pin),
            cwd=cwd,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()  # this and the kill do nothing where it has ended
        try:
            process.wait(40)
        finally:
            process.kill()
            process.wait()


def ended(
    command: Sequence[str],
    environ: Mapping[str, str] | None = None,
    *,
    cwd: Path | None = None,
    pin: set[int] | None = None,
    given: str = "",
    seconds: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, whatever that is; `given` is what it reads.

    Raises:
        subprocess.TimeoutExpired: it did not end within so many seconds.
    """
    return subprocess.run(
        pinned(command, pin) if pin else command,
        cwd=cwd,
        env=environ,
        input=given,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
