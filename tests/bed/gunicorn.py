"""Starts a real gunicorn, on a core of its own if asked, and looks at it from outside."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess, Popen

import psutil

from sweep.measure.observer import memory_of
from tests.bed import ROOT, clean_environ, free_port, programs

# Another Python may have gunicorn and Flask, and be too old for the tests.
PROGRAM = (os.environ.get("SERVER_PYTHON", sys.executable), "-m", "gunicorn")


class Server:
    """A running gunicorn.

    Attributes:
        port: where it listens on 127.0.0.1.
        process: its arbiter.
        log: the path of all that it wrote.
    """

    def __init__(self, process: Popen[bytes], port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    @property
    def url(self) -> str:
        """The address without a path."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, headers: Mapping[str, str] | None = None, timeout: float = 10) -> tuple[int, str, str]:
        """Return status, body and Server-Timing header of a GET."""
        request = urllib.request.Request(self.url + path, headers=dict(headers or {}))
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return response.status, response.read().decode(), response.headers.get("Server-Timing", "")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), ""

    def workers(self) -> list[psutil.Process]:
        children: list[psutil.Process] = psutil.Process(self.process.pid).children()
        return children

    def pids(self) -> set[int]:
        return {worker.pid for worker in self.workers()}

    def pss_mb(self) -> float:
        """Return the memory of the whole process tree in MB (1024² bytes), shared pages counted once."""
        tree = [psutil.Process(self.process.pid), *self.workers()]
        return sum(memory_of(process) for process in tree) / 2**20

    def cpu_seconds(self) -> float:
        """Return the CPU time of all present workers, user and system."""
        return sum(sum(process.cpu_times()[:2]) for process in self.workers())

    def stall(self, after: float, seconds: float) -> None:
        """Wait, then stop the workers for so long."""
        time.sleep(after)
        workers = self.workers()
        for worker in workers:
            worker.suspend()
        time.sleep(seconds)
        for worker in workers:
            worker.resume()

    def stop(self, seconds: float = 40) -> int:
        """Send SIGTERM, wait, and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        finally:
            self.process.kill()  # does nothing where wait() returned


@contextlib.contextmanager
def gunicorn(
    args: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    *,
    bare: bool = False,
    cwd: Path = ROOT,
    pin: set[int] | None = None,
    ready: str = "/healthz",
    program: Sequence[str] = PROGRAM,
    bind: bool = False,
) -> Iterator[Server]:
    """Run gunicorn until the block ends.

    Args:
        args: its command line, without --bind; without an app this stack's configuration finds one.
        environ: variables on top of a clean environment.
        bare: run without this stack's configuration file.
        cwd: the folder to start in.
        pin: the cores it may use.
        ready: the path that must answer, with any status, before the block begins; "" for no wait.
        program: what is started; the arguments follow.
        bind: pass the address on the command line, for a configuration that does not take it from the environment.

    Raises:
        RuntimeError: it does not answer within 20 s, with what it wrote.
    """
    port = free_port()
    variables = {"GUNICORN_BIND": f"127.0.0.1:{port}", "GUNICORN_ACCESSLOG": "None"} | dict(environ or {})
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = [*program, *args]
        if bare:
            empty = Path(folder) / "empty.py"
            empty.write_text("control_socket_disable = True\n", encoding="utf-8")
            command += ["--config", str(empty)]
        if bare or bind:
            command += ["--bind", f"127.0.0.1:{port}"]
        with programs.program(command, clean_environ(variables), cwd=cwd, pin=pin, log=log) as process:
            server = Server(process, port, log)
            if ready:
                wait_ready(server, ready)
            yield server


def gunicorn_ends(args: Sequence[str], environ: Mapping[str, str], cwd: Path = ROOT) -> CompletedProcess[str]:
    """Run a gunicorn that is expected to end by itself."""
    return programs.ended([*PROGRAM, *args], clean_environ(environ), cwd=cwd, seconds=20)


def wait_ready(server: Server, path: str, seconds: float = 20) -> None:
    """Wait until the server answers with any status."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.process.poll() is None:
        with contextlib.suppress(OSError):
            server.get(path)
            return
        time.sleep(0.02)
    raise RuntimeError(f"gunicorn did not answer on {path}:\n{server.log.read_text(encoding='utf-8')}")
