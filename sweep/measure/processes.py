"""The processes that a sweep starts: each in a group of its own, on its own cores, and none of them left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

HERE = Path(__file__).parent

# Whatever the shell has set must not change what is measured.
OURS = ("GUNICORN_", "PYTHON_ENABLE_GUNICORN_", "PYTHON_GUNICORN_", "SLOT_", "LOCUST_")
OURS_WHOLE = ("WEB_CONCURRENCY", "PORT", "SERVER_TIMING")
# But where the app is, and which of its pages are asked for.
KEPT = ("GUNICORN_PYTHONPATH", "LOCUST_PATHS")


def clean_environ(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without the variables of this stack, plus `extra`."""
    every = os.environ.items()
    ours = {name for name, _ in every if name.startswith(OURS) or name in OURS_WHOLE} - set(KEPT)
    kept = {name: value for name, value in every if name not in ours}
    return kept | dict(extra or {})


def free_port() -> int:
    """Return a TCP port on loopback that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Processes:
    """Starts programs and ends them with all their children. A context manager."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self.groups: dict[int, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Processes:
        """Start the guard."""
        self.guard = subprocess.Popen(
            [sys.executable, "-I", str(HERE / "guard.py")],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what still runs."""
        for process in list(self.groups.values()):
            self.end(process, 0)
        if self.guard.stdin:
            self.guard.stdin.close()
        self.guard.wait()

    def tell(self, word: str) -> None:
        """Tell the guard. If it was killed, the sweep goes on without."""
        with contextlib.suppress(OSError):
            if self.guard.stdin:
                self.guard.stdin.write(f"{word}\n".encode())
                self.guard.stdin.flush()

    def start(
        self,
        command: Sequence[str],
        cores: Sequence[int],
        log: Path,
        environ: Mapping[str, str],
        cwd: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a program.

        Args:
            command: the program and its arguments.
            cores: where it may run, with all its children; none is everywhere.
            log: takes all that it writes.
            environ: its environment.
            cwd: the folder to start in; the current one by default.
        """
        launch = [sys.executable, "-I", str(HERE / "launch.py"), str(os.getpid()), ",".join(map(str, cores))]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*launch, *command],
                cwd=cwd,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.groups[process.pid] = process
        self.tell(f"+{process.pid}")
        return process

    def end(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        """End a program: SIGTERM, and after so many seconds SIGKILL to all of its group."""
        if seconds and process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
        kill_group(process)
        self.groups.pop(process.pid, None)
        self.tell(f"-{process.pid}")


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and all of its group, and wait until they are gone or 5 s are over."""
    end = time.monotonic() + 5
    with contextlib.suppress(ProcessLookupError, PermissionError):
        while time.monotonic() < end:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()  # till then it is a zombie, and its group is there
            time.sleep(0.01)
    process.wait()
