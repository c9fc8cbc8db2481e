"""Faults that need a container: its stop, its restart, its memory, its disk, the end of its arbiter."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bed.compose import Stack
from tests.bed.docker import docker, inspect
from tests.bed.users import users
from tests.bed.waiting import wait_for
from tests.resilience.conftest import Record
from tests.resilience.rows import BARE, STACK

pytestmark = pytest.mark.container

# /dev/null is a configuration file without a setting; else gunicorn finds ours.
BARE_COMMAND = "gunicorn --config /dev/null --bind 0.0.0.0:8000 --workers 3 --threads 6 app:app"
FAULTY = Path(__file__).parent / "faulty.py"


def setting(who: str) -> dict[str, str]:
    return {"STARTUP_COMMAND": BARE_COMMAND} if who == BARE else {"GUNICORN_WORKERS": "3"}


def address(container: str) -> str:
    """A container's address without the proxy behind the published port, which takes connections that nobody serves."""
    networks = inspect(container)["NetworkSettings"]["Networks"]
    return str(next(iter(networks.values()))["IPAddress"])


def killed_at(container: str, begin: float) -> float:
    """When the engine sent the last signal to a container since `begin`, by time.monotonic()."""
    offset = time.time() - time.monotonic()
    since = ["--since", f"{begin + offset:.6f}", "--until", f"{time.time():.6f}"]
    only = ["--filter", f"container={container}", "--filter", "event=kill", "--format", "{{.TimeNano}}"]
    return int(docker("events", *since, *only).stdout.split()[0]) / 1e9 - offset


def test_stop_within_app_services_grace(stack: Stack, who: str, record: Record) -> None:
    stack.up("app", environ={**setting(who), "APP_STOP_GRACE": "5s"})
    container = stack.container("app")
    begin = time.monotonic()
    with users(8000, host=address(container), timeout=10) as run:
        time.sleep(2)
        stack.compose("stop", "app")
        stopped = time.monotonic()
    told = killed_at(container, begin) - 0.05  # it is noted after it was sent
    before = run.between(0, told)
    status = stack.inspect("app")["State"]["ExitCode"]
    later = run.between(told)
    note = f"{later.lost} of {later.sent} that were sent later; exit status {status}"
    record("stop5", who, before.sent, before.lost, note)
    assert before.sent > (200 if who == STACK else 100)  # bare gunicorn serves as many slots as chance gives it
    if who == STACK:
        assert before.lost == 0, before.outcomes
        assert status == 0
        assert stopped - told < 5


# --- under Locust's UI ------------------------------------------------------------------------------


def stats(stack: Stack) -> dict[str, Any]:
    with urllib.request.urlopen(f"{stack.web_url}/stats/requests", timeout=5) as response:
        found: dict[str, Any] = json.load(response)
    return found


class Watched(threading.Thread):
    """Looks at Locust's UI each half second."""

    def __init__(self, stack: Stack) -> None:
        super().__init__()
        self.stack, self.over, self.failures = stack, threading.Event(), list[str]()

    def run(self) -> None:
        while not self.over.wait(0.5):
            try:
                stats(self.stack)
            except OSError as error:
                self.failures.append(str(error))


def answered(stack: Stack) -> int:
    total = stats(stack)["stats"][-1]
    return int(total["num_requests"] - total["num_failures"])


@pytest.mark.parametrize("fault", ["restart", "recreated"])
def test_locust_goes_on(stack: Stack, record: Record, who: str, fault: str) -> None:
    stack.up(environ=setting(who))
    locust, app = stack.container("locust"), stack.container("app")
    form = urllib.parse.urlencode({"user_count": 36, "spawn_rate": 100, "host": "http://app:8000"})
    urllib.request.urlopen(f"{stack.web_url}/swarm", data=form.encode(), timeout=5).close()
    wait_for(lambda: answered(stack) > 200, 20, "answers")
    watched = Watched(stack)
    watched.start()
    try:
        if fault == "restart":
            stack.compose("restart", "app", environ=setting(who))
        else:
            other = {"STARTUP_COMMAND": f"{BARE_COMMAND} --threads 4"} if who == BARE else {"GUNICORN_THREADS": "4"}
            stack.compose("up", "--detach", "app", environ={**setting(who), **other})
        before, begin = answered(stack), time.monotonic()
        wait_for(lambda: answered(stack) > before + 200, 20, "answers after it")
        back = time.monotonic() - begin
    finally:
        watched.over.set()
        watched.join()
    total = stats(stack)["stats"][-1]
    urllib.request.urlopen(f"{stack.web_url}/stop", data=b"", timeout=5).close()
    record(fault, who, total["num_requests"], total["num_failures"], f"refused ones too; 200 more after {back:.1f} s")
    assert watched.failures == []
    assert stack.container("locust") == locust
    assert (stack.container("app") != app) == (fault == "recreated")


# --- the container's processes, memory and disk -----------------------------------------------------

KILL_ARBITER = """
import os, signal
for pid in filter(str.isdigit, os.listdir("/proc")):
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    if fields[1] == "1":
        os.kill(int(pid), signal.SIGKILL)
"""


@contextlib.contextmanager
def plain(stack: Stack, who: str, *options: str) -> Iterator[tuple[str, str]]:
    """Run a container of the image without Compose; yields its ID and address."""
    command = BARE_COMMAND.split() if who == BARE else []
    given = ["--env", "GUNICORN_WORKERS=3", *options]
    container = docker("run", "--detach", *given, stack.image, *command).stdout.strip()
    try:
        wait_for(lambda: docker("logs", container).stderr.count("Booting worker") == 3, 10, "three workers")
        yield container, address(container)
    finally:
        docker("rm", "--force", container)


def test_killed_arbiter_in_a_container(stack: Stack, record: Record, who: str) -> None:
    if who == BARE:  # without a restart policy nobody starts it anew
        with plain(stack, who, "--init") as (container, host), users(8000, host=host, timeout=10) as run:
            time.sleep(1)
            docker("exec", container, "python", "-c", KILL_ARBITER, check=False)
            time.sleep(10)
            status = inspect(container)["State"]["Status"]
        note = f"{status} after 10 s (`docker run`, no restart policy)"
        record("arbiter", who, run.sent, run.lost, note)
        return
    stack.up("app", environ=setting(who))
    container = stack.container("app")
    with users(8000, host=address(container), timeout=10) as run:
        time.sleep(1)
        docker("exec", container, "python", "-c", KILL_ARBITER, check=False)  # ends with the container
        killed = time.monotonic()
        wait_for(lambda: stack.inspect("app")["RestartCount"] == 1, 10, "a restart")
        wait_for(lambda: stack.inspect("app")["State"]["Health"]["Status"] == "healthy", 20, "healthy")
        back = time.monotonic() - killed
        time.sleep(0.5)
    record("arbiter", who, run.sent, run.lost, f"healthy after {back:.1f} s")
    assert back < 10
    assert run.lost <= 2 * 36, run.outcomes  # those under way, and those that come while the container ends
    assert run.requests[-1].outcome == "answered"


@pytest.fixture
def faulty(stack: Stack, tmp_path: Path, who: str) -> Stack:
    """The stack with the faulty app in place of the sample, and 256 MB."""
    override = tmp_path / "override.yml"
    override.write_text(
        f"services:\n  app:\n    volumes: ['{FAULTY}:/srv/app/faulty.py:ro']\n"
        "    environment: ['GUNICORN_WSGI_APP=faulty:app']\n"
    )
    environ = {name: value.replace("app:app", "faulty:app") for name, value in setting(who).items()}
    stack.compose(
        *("up", "--detach", "--wait", "--force-recreate", "app"),
        environ={"APP_MEMORY": "256m", **environ},
        override=override,
    )
    return stack


def leak(stack: Stack) -> None:
    """Make one worker take more than there is; nobody answers this."""
    try:
        urllib.request.urlopen(f"{stack.app_url}/leak?mb=400", timeout=20).close()
    except OSError:
        return
    raise AssertionError("400 MB fit into 256 MB")


def test_memory_limit(faulty: Stack, record: Record, who: str) -> None:
    with users(8000, host=address(faulty.container("app"))) as run:
        time.sleep(1)
        leak(faulty)
        time.sleep(2)
    log = faulty.log("app")
    record("memory", who, run.sent, run.lost, "and the request that took it all")
    if who == BARE:
        return
    assert (
        "The memory limit of 256 MB was reached, and the kernel has killed a process of this container: worker" in log
    )
    assert "Set fewer GUNICORN_WORKERS" in log
    # What had the other five slots of that worker, and what had just come on connections that it kept.
    assert run.lost <= 8, run.outcomes
    assert run.refused == 0
    end = run.requests[-1].ended
    assert run.rate(end - 1, end) > 0.7 * 180
    assert faulty.inspect("app")["RestartCount"] == 0


FILL = """
import sys
for folder in ("/tmp", "/dev/shm"):
    try:
        with open(folder + "/full", "wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
    except OSError as error:
        print(folder, error.strerror)
"""


def test_full_disk(stack: Stack, record: Record, who: str) -> None:
    """Nothing can be written anywhere: it serves on, also after a reload."""
    with plain(stack, who, "--read-only", "--tmpfs", "/tmp:size=64k", "--shm-size", "64k") as (container, host):
        filled = docker("exec", container, "python", "-c", FILL).stdout
        assert filled == "/tmp No space left on device\n/dev/shm No space left on device\n"
        time.sleep(1)
        with users(8000, host=host) as run:
            time.sleep(1)
            docker("kill", "--signal", "HUP", container)
            time.sleep(2)
        log = docker("logs", container).stderr
    record("full", who, run.sent, run.lost)
    assert run.lost == run.refused == 0, run.outcomes
    assert log.count("Booting worker") == 6
    assert "Traceback" not in log


def test_no_room_for_a_file_in_shared_memory(stack: Stack) -> None:
    """Then heartbeats go to /tmp; without that either, one line says so."""
    none = ["--read-only", "--tmpfs", "/dev/shm:nr_inodes=1"]
    done = docker("run", "--rm", *none, stack.image, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("gunicorn.conf.py: worker_tmp_dir=None: expected a folder that can be")
    assert done.stderr.count("\n") == 1
    checked = docker("run", "--rm", *none, "--tmpfs", "/tmp", stack.image, "gunicorn", "--check-config")
    assert checked.returncode == 0
