"""docs/app-service.md: each way to start on App Service's built-in image, by the script that it generates there.

The script is what Oryx's scriptgenerator.go writes, in its order; the image's own configuration file is one with hooks.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from tests.bed import clean_environ, free_port, programs
from tests.bed.foreign import WAIT, copy, project
from tests.bed.gunicorn import Server, wait_ready
from tests.bed.slots import most_at_once
from tests.bed.waiting import wait_for

pytestmark = pytest.mark.process

CONFIG = "PYTHON_USE_GUNICORN_CONFIG_FROM_PATH"
FLAG, WORKERS, THREADS = (
    "PYTHON_ENABLE_GUNICORN_MULTIWORKERS",
    "PYTHON_GUNICORN_CUSTOM_WORKER_NUM",
    "PYTHON_GUNICORN_CUSTOM_THREAD_NUM",
)
SIZE = {"GUNICORN_WORKERS": "3", "GUNICORN_THREADS": "6"}
# The lines of the page; there 8000 is free, here somebody may have it.
BIND = "--bind=0.0.0.0:$PORT"
LINE = f"gunicorn {BIND} --timeout 600 --threads 6 --workers 3 app:app"
# Stands for the image's own /opt/startup/gunicorn.conf.py.
PLATFORM = "def post_worker_init(worker):\n    print('hook of the platform', flush=True)\n"


def generated(folder: Path, settings: Mapping[str, str], command: str) -> str:
    """The start script for an app in a folder, its app settings, and its startup command, "" for none."""
    if command:
        # A script of this name is found there.
        last = f'PATH="$PATH:{folder}" {command}'
    else:
        args = "--timeout 600 --access-logfile '-' --error-logfile '-'"
        if settings.get(CONFIG):
            args += f" -c {settings[CONFIG]}"
        if settings.get(FLAG) == "true":
            args += f" --workers={settings.get(WORKERS) or 2 * len(os.sched_getaffinity(0)) + 1}"
            args += f" --threads={settings[THREADS]}" if settings.get(THREADS) else ""
        last = f'GUNICORN_CMD_ARGS="{args} --chdir={folder}" gunicorn app:app'
    return f'#!/bin/sh\n\ncd {folder}\nexport APP_PATH="{folder}"\n{last}\n'


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Somebody's app, with what the page says to copy, and the image's own file beside the app's folder."""
    folder = project(tmp_path / "wwwroot")
    copy(folder, "gunicorn.conf.py", "gunicorn_slots")
    (tmp_path / "gunicorn.conf.py").write_text(PLATFORM)
    return folder


@contextlib.contextmanager
def started(folder: Path, settings: Mapping[str, str], command: str = "") -> Iterator[Server]:
    """The app as the built-in image starts it, with the image's own file named unless a setting names another one."""
    given = {CONFIG: str(folder.parent / "gunicorn.conf.py")} | dict(settings)
    script, port, log = folder.parent / "startup", free_port(), folder.parent / "log"
    script.write_text(generated(folder, given, command))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environ = clean_environ(given | {"PORT": str(port), "PATH": path})
    with programs.program(["sh", str(script)], environ, log=log) as process:
        server = Server(process, port, log)
        below = []
        try:
            wait_ready(server, "/")
            below = psutil.Process(process.pid).children(recursive=True)
            yield server
        finally:
            for child in below:  # which the shell leaves alone
                with contextlib.suppress(psutil.Error):
                    child.terminate()


@pytest.mark.parametrize(
    ("settings", "command", "slots"),
    [
        (SIZE, "", 1),
        (SIZE | {CONFIG: "gunicorn.conf.py"}, "", 18),
        ({FLAG: "true", WORKERS: "3", THREADS: "6", CONFIG: "gunicorn.conf.py"}, "", 18),
        (SIZE | {FLAG: "true", WORKERS: "2", THREADS: "4", CONFIG: "gunicorn.conf.py"}, "", 8),
        (SIZE, "exec gunicorn app:app", 18),
        (SIZE, f"gunicorn --config gunicorn.conf.py {BIND} app:app", 18),
        ({}, f"exec {LINE}", 18),
        (SIZE, "startup.sh", 18),
        ({}, f"exec {LINE} --config python:nothing --worker-class gunicorn_slots.SlotWorker", 18),
    ],
    ids=[
        *("nothing", "our file by an app setting", "multi-workers and our file", "multi-workers first"),
        *("startup command", "the page's old command", "the line alone", "a script", "the worker alone"),
    ],
)
def test_the_slots_that_are_served(shop: Path, settings: dict[str, str], command: str, slots: int) -> None:
    (shop / "startup.sh").write_text("#!/bin/sh\nexec gunicorn app:app\n")
    (shop / "startup.sh").chmod(0o755)
    (shop / "nothing.py").write_text("")
    with started(shop, settings, command) as server:
        assert most_at_once(server.port, 2 * slots, path=WAIT) == slots
        said = server.log.read_text()
        assert ("; exact slots (" in said) == (slots > 1)  # what to look for in the log stream
        assert ("hook of the platform" in said) == (slots == 1)


def test_two_workers_a_core_and_one_where_a_template_turns_multi_workers_on(shop: Path) -> None:
    with started(shop, {FLAG: "true"}) as server:
        workers = 2 * len(os.sched_getaffinity(0)) + 1
        assert most_at_once(server.port, 3 * workers, path=WAIT) == workers


@pytest.mark.parametrize("exec_", ["", "exec "])
def test_a_stop_reaches_gunicorn_only_with_exec(shop: Path, exec_: str) -> None:
    with started(shop, SIZE, f"{exec_}gunicorn app:app") as server:
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(10)
        if exec_:
            wait_for(lambda: "Shutting down: Master" in server.log.read_text(), 5)
        else:
            assert server.get("/")[0] == 200
            assert "Handling signal: term" not in server.log.read_text()
