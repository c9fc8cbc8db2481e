"""What the app's container cannot do, tried from inside."""

from __future__ import annotations

import time

import pytest

from tests.bed import ROOT
from tests.bed.compose import Stack
from tests.bed.docker import docker
from tests.bed.waiting import wait_for

pytestmark = pytest.mark.container

TRY = """
import os, socket

def tried(name, what):
    try:
        what()
    except OSError as error:
        print(name, error.strerror, sep=": ")
    else:
        print(name, "done", sep=": ")

for path in ("/x", "/srv/app/x", "/opt/venv/x", "/home/app/x", "/etc/passwd"):
    tried(path, lambda: open(path, "a"))
tried("root", lambda: os.setuid(0))
tried("another user", lambda: os.setuid(10002))
tried("port 80", lambda: socket.socket().bind(("", 80)))
tried("a raw socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
tried("/tmp", lambda: open("/tmp/x", "a"))
lines = open("/proc/self/status").read().splitlines()
print(*(line.split()[1] for line in lines if line.startswith(("CapEff", "CapPrm", "CapBnd", "NoNewPrivs"))))
"""

FAULTY = ROOT / "tests" / "resilience" / "faulty.py"


READ_ONLY = "Read-only file system"


@pytest.mark.parametrize(
    ("read_only", "root", "home"), [("", "Permission denied", "done"), ("true", READ_ONLY, READ_ONLY)], ids=str
)
def test_what_it_cannot_do(stack: Stack, read_only: str, root: str, home: str) -> None:
    stack.up("app", environ={"APP_READ_ONLY": read_only})
    lines = docker("exec", stack.container("app"), "python", "-c", TRY).stdout.splitlines()
    assert lines == [
        f"/x: {root}",
        f"/srv/app/x: {root}",
        f"/opt/venv/x: {root}",
        f"/home/app/x: {home}",
        "/etc/passwd: Permission denied",
        "root: Operation not permitted",
        "another user: Operation not permitted",
        "port 80: Permission denied",
        "a raw socket: Operation not permitted",
        "/tmp: done",
        "0000000000000000 0000000000000000 0000000000000000 1",
    ]


def logs(container: str) -> str:
    wait_for(lambda: "Booting worker" in docker("logs", container).stderr, 20, "a worker")
    time.sleep(1)
    return docker("logs", container).stderr


CALL = """
import json, urllib.request
with urllib.request.urlopen("http://127.0.0.1:8000/healthz") as response:
    print(response.headers.get("Server-Timing"))
"""


def test_the_image_alone(stack: Stack) -> None:
    """Without Compose too: no root, no capability, nothing to write to; no header that tells of its insides."""
    options = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    container = docker("run", "--detach", *options, stack.image).stdout.strip()
    try:
        assert "Traceback" not in logs(container)
        assert docker("exec", container, "python", "-c", CALL).stdout == "None\n"
        assert docker("exec", container, "id", "-u").stdout == "10001\n"
    finally:
        docker("rm", "--force", container)


@pytest.mark.parametrize(("value", "ignored"), [("1", True), ("true", True), ("0", False)])
def test_debug_mode_cannot_be_on(stack: Stack, value: str, ignored: bool) -> None:
    app = ["--volume", f"{FAULTY}:/srv/app/faulty.py:ro", "--env", "GUNICORN_WSGI_APP=faulty:app"]
    run = ["run", "--detach", "--env", f"FLASK_DEBUG={value}", *app, stack.image]
    ask = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8000/debug').read().decode())"
    container = docker(*run).stdout.strip()
    try:
        log = logs(container)
        assert (f"FLASK_DEBUG={value}: ignored" in log) == ignored
        assert docker("exec", container, "python", "-c", ask).stdout.strip() == '{"debug":false}'
    finally:
        docker("rm", "--force", container)
