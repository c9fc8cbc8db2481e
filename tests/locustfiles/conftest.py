"""Real gunicorn, real Locust, real containers, for the tests of the analysis."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).parents[2]
LOCUSTFILES = ROOT / "locustfiles"
HERE = Path(__file__).parent
sys.path[:0] = [str(LOCUSTFILES), str(HERE)]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
BROWSER_ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def clean_env(**more: str) -> dict[str, str]:
    """The environment without what would change gunicorn or Locust."""
    prefixes = ("GUNICORN_", "LOCUST_", "PYTHON_", "WEB_CONCURRENCY", "PORT", "SERVER_TIMING", "APP_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    return {**kept, "PYTHONUNBUFFERED": "1", **more}


def fetch(url: str, data: bytes | None = None) -> Any:
    with urllib.request.urlopen(url, data=data, timeout=5) as answer:
        return json.loads(answer.read())


def wait_for(condition: Callable[[], Any], seconds: float = 15.0) -> Any:
    """Return the first true value; fail after a while."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError, KeyError):
            if value := condition():
                return value
        time.sleep(0.1)
    raise AssertionError(f"nothing within {seconds} s")


def answers(url: str) -> bool:
    with urllib.request.urlopen(url, timeout=2) as answer:
        return bool(answer.status == 200)


@dataclass(frozen=True)
class Server:
    """A gunicorn under test."""

    url: str
    process: subprocess.Popen[bytes]

    @property
    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@contextlib.contextmanager
def gunicorn(
    workers: int, threads: int, *args: str, core: int | None = 0, chdir: Path = ROOT, **env: str
) -> Iterator[Server]:
    """Run gunicorn with this project's configuration on one core (or all)."""
    port = free_port()
    line = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "gunicorn.conf.py"), "--chdir", str(chdir), *args]
    if core is not None and shutil.which("taskset"):
        line = ["taskset", "--cpu-list", str(core), *line]
    settings = {"GUNICORN_WORKERS": str(workers), "GUNICORN_THREADS": str(threads), "SERVER_TIMING": "true"}
    quiet = {"GUNICORN_ACCESSLOG": "None", "GUNICORN_BIND": f"127.0.0.1:{port}", "GUNICORN_LOGLEVEL": "warning"}
    process = subprocess.Popen(line, env=clean_env(**{**settings, **quiet, **env}), cwd=ROOT)
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/healthz"))
        yield Server(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait(40)


@dataclass(frozen=True)
class Run:
    """A Locust run that has ended."""

    code: int
    output: str
    analysis: dict[str, Any]

    @property
    def verdict(self) -> str:
        code: str = self.analysis["verdict"]["code"]
        return code


def locust_line(scenario: str | Path, *args: str) -> list[str]:
    """Locust on the second core where there is one, so that it does not compete with the app."""
    path = LOCUSTFILES / scenario  # an absolute scenario stays as it is
    line = [sys.executable, "-m", "locust", "--locustfile", str(path), *args]
    if shutil.which("taskset") and (os.cpu_count() or 1) > 1:
        line = ["taskset", "--cpu-list", "1", *line]
    return line


def locust(
    scenario: str | Path,
    url: str,
    *args: str,
    users: int = 36,
    seconds: float = 6,
    env: Mapping[str, str] | None = None,
) -> Run:
    """Run Locust headless to its end."""
    out = Path(os.environ["PYTEST_TMP"]) / f"analysis-{time.monotonic_ns()}.json"
    given = [
        "--headless",
        "-u",
        str(users),
        "-r",
        "100",
        "-t",
        f"{seconds:g}s",
        "--host",
        url,
        "--exit-code-on-error",
        "0",
    ]
    done = subprocess.run(
        locust_line(scenario, *given, "--analysis-json", str(out), *args),
        env=clean_env(PYTHONPATH=str(LOCUSTFILES), **(env or {})),
        cwd=out.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds + 60,
        check=False,
    )
    return Run(done.returncode, done.stdout, json.loads(out.read_text()) if out.exists() else {})


@pytest.fixture(autouse=True)
def _tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_TMP", str(tmp_path))


def is_docker_there() -> bool:
    if not shutil.which("docker"):
        return False
    return subprocess.run(["docker", "compose", "ls"], capture_output=True, check=False).returncode == 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    docker: bool | None = None
    for item in items:
        if item.get_closest_marker("container"):
            docker = is_docker_there() if docker is None else docker
            if not docker:
                item.add_marker(pytest.mark.skip(reason="needs Docker with Compose"))
        if item.get_closest_marker("browser") and not CHROMIUM:
            item.add_marker(pytest.mark.skip(reason="needs Chromium"))
