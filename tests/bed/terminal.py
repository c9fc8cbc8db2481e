"""Runs a command of a shell in a terminal, so that Ctrl-C is what it is to a person."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.bed.waiting import wait_for

SPAWN = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(['bash', '-c', sys.argv[1]])))"


class Terminal:
    """A command that runs.

    Attributes:
        text: what it has written so far.
    """

    def __init__(self, command: str, folder: Path, environ: Mapping[str, str]) -> None:
        self.text = ""
        self._process = subprocess.Popen(
            [sys.executable, "-c", SPAWN, command],
            cwd=folder,
            env={**environ, "TERM": "dumb"},  # no progress bar over and over in what a failed test shows
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        while data := os.read(self._process.stdout.fileno(), 4096):
            self.text += data.decode(errors="replace")

    def wait_for(self, text: str, seconds: float) -> None:
        """Wait until it has written a text.

        Raises:
            TimeoutError: it has not; with what it wrote.
        """
        with contextlib.suppress(TimeoutError):
            wait_for(lambda: text in self.text, seconds)
            return
        raise TimeoutError(f"{text!r}: not within {seconds:g} s in\n{self.text}")

    def press_ctrl_c(self) -> None:
        """Interrupt it as a person does."""
        assert self._process.stdin
        self._process.stdin.write(b"\x03")
        self._process.stdin.flush()

    def status(self, seconds: float = 60) -> int:
        """Wait for its end, and return its exit status."""
        status = self._process.wait(seconds)
        self._reader.join(5)
        return status


@contextlib.contextmanager
def terminal(command: str, folder: Path, environ: Mapping[str, str]) -> Iterator[Terminal]:
    """Run a command in a block, which ends with Ctrl-C if the command has not ended by then."""
    running = Terminal(command, folder, environ)
    try:
        yield running
    finally:
        with contextlib.suppress(OSError):
            running.press_ctrl_c()
        running.status()
