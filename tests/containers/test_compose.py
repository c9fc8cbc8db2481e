"""The compose file, started for real: what is in force in the containers."""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import plans
from tests.bed import ROOT
from tests.bed.compose import Stack, clone
from tests.bed.docker import docker
from tests.bed.waiting import wait_for

pytestmark = pytest.mark.container

ARTICLE = "gunicorn --bind=0.0.0.0 --timeout 600 --threads 6 --workers 3 app:app"


def setting(stack: Stack) -> str:
    try:
        response = urllib.request.urlopen(stack.app_url + "/healthz", timeout=10)
    except urllib.error.HTTPError as error:
        response = error  # an app of somebody else's has no such page
    with response:
        found = re.search(r"workers=\d+ threads=\d+", response.headers["Server-Timing"])
    assert found
    return found[0]


def test_from_a_clean_clone(stack: Stack) -> None:
    stack.compose("up", "--detach", "--wait", "--force-recreate")
    app, locust = stack.inspect("app"), stack.inspect("locust")
    assert setting(stack) == "workers=3 threads=6"
    assert (
        "3 workers × 6 threads = 18 slots on 1 vCPU (workers: gunicorn.conf.py, threads: gunicorn.conf.py)"
        in stack.log("app")
    )
    with urllib.request.urlopen(stack.web_url, timeout=10) as response:
        assert response.status == 200
    assert app["HostConfig"]["CpusetCpus"] == "0"
    assert app["HostConfig"]["Memory"] == app["HostConfig"]["MemorySwap"] == 512 * 2**20
    for container in (app, locust):
        host = container["HostConfig"]
        assert host["Init"]
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        published = [port for ports in host["PortBindings"].values() for port in ports]
        assert {port["HostIp"] for port in published} == {"127.0.0.1"}
        assert container["State"]["Health"]["Status"] == "healthy"
    assert stack.log("ready").split() == [
        *("Your", "app:", stack.app_url),
        *("Locust's", "web", "UI:", stack.web_url),
    ]
    assert locust["Config"]["StopSignal"] == "SIGINT"
    assert locust["HostConfig"]["ReadonlyRootfs"]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"GUNICORN_WORKERS": "1", "GUNICORN_THREADS": "1"}, "workers=1 threads=1"),
        ({"STARTUP_COMMAND": ARTICLE}, "workers=3 threads=6"),
        ({"STARTUP_COMMAND": "gunicorn -w 2 --threads 4 app:app"}, "workers=2 threads=4"),
        ({"GUNICORN_CMD_ARGS": "--workers 2 --threads 9"}, "workers=2 threads=9"),
        (
            {"PYTHON_ENABLE_GUNICORN_MULTIWORKERS": "true", "PYTHON_GUNICORN_CUSTOM_THREAD_NUM": "2"},
            "workers=3 threads=2",
        ),
        ({"WEB_CONCURRENCY": "2"}, "workers=2 threads=6"),
        ({"APP_CPUSET": "0-1"}, "workers=5 threads=6"),
    ],
    ids=str,
)
def test_effective_setting(stack: Stack, environ: dict[str, str], expected: str) -> None:
    stack.up("app", environ=environ)
    assert setting(stack) == expected
    if command := environ.get("STARTUP_COMMAND"):
        assert stack.inspect("app")["Config"]["Cmd"] == shlex.split(command)


def test_a_bad_value_ends_it_with_one_line(stack: Stack) -> None:
    stack.compose("up", "--detach", "--force-recreate", "app", environ={"GUNICORN_THREADS": "abc"})
    wait_for(lambda: stack.inspect("app")["State"]["Status"] == "exited", 30, "the end of the restarts")
    assert stack.inspect("app")["State"]["ExitCode"] == 1
    lines = [line for line in stack.log("app").splitlines() if "gunicorn" in line or "Traceback" in line]
    # Once, although Docker has started it anew.
    assert lines == ["gunicorn.conf.py: GUNICORN_THREADS=abc: expected a whole number, 1 or more"]
    assert stack.inspect("app")["RestartCount"] == 1


def test_a_plan_of_more_cores_than_there_are_is_one_line(stack: Stack, tmp_path: Path) -> None:
    cores = int(docker("info", "--format", "{{.NCPU}}").stdout)
    plan = dataclasses.replace(plans.load()["P5mv3"], vcpu=2 * cores)
    (tmp_path / "large.env").write_text(plan.env())
    done = stack.compose("up", "--detach", "app", env_file=tmp_path / "large.env", check=False)
    assert done.returncode
    assert f"Requested CPUs are not available - requested {plan.cpuset}" in done.stderr.splitlines()[-1]


def test_another_plan(stack: Stack) -> None:
    stack.up("app", env_file=ROOT / "plans" / "P1v3.env")
    host = stack.inspect("app")["HostConfig"]
    assert (host["CpusetCpus"], host["Memory"]) == ("0-1", 6912 * 2**20)
    assert setting(stack) == "workers=5 threads=6"


def test_stop_ends_requests_first_and_exits_with_0(stack: Stack) -> None:
    stack.up("app")
    status: list[int] = []

    def request() -> None:
        with urllib.request.urlopen(stack.app_url + "/io?ms=3000", timeout=30) as response:
            status.append(response.status)

    requests = [threading.Thread(target=request) for _ in range(18)]
    for thread in requests:
        thread.start()
    time.sleep(1)
    begin = time.monotonic()
    stack.compose("stop", "app")
    for thread in requests:
        thread.join()
    assert status == [200] * 18
    assert time.monotonic() - begin < 6
    assert stack.inspect("app")["State"]["ExitCode"] == 0


def test_stop_grace_is_longer_than_gunicorns(stack: Stack) -> None:
    """Compose's 10 s would kill the container while gunicorn still waits its 30 s for requests."""
    stack.up("app")
    grace = stack.compose("config").stdout
    seconds = re.search(r"stop_grace_period: (\d+)s", grace)
    assert seconds
    printed = docker("exec", stack.container("app"), "gunicorn", "--print-config", "app:app").stdout
    graceful = re.search(r"^graceful_timeout += (\d+)$", printed, re.MULTILINE)
    assert graceful
    assert int(seconds[1]) > int(graceful[1])


def test_locust_starts_the_app_and_writes_its_report_on_stop(stack: Stack, tmp_path: Path) -> None:
    stack.compose("down")
    tmp_path.chmod(0o777)  # the container's user is not this one
    run = ["run", "--detach", "--volume", f"{tmp_path}:/out", "locust", "--headless", "--html", "/out/report.html"]
    container = stack.compose(*run).stdout.strip()
    try:
        wait_for(lambda: "All users spawned" in docker("logs", container).stderr, 30, "all users")
        time.sleep(1)
        assert setting(stack) == "workers=3 threads=6"
        docker("stop", container)
        assert "<html" in (tmp_path / "report.html").read_text()
    finally:
        docker("rm", "--force", container)


# What Locust's own process may do.
RIGHTS = """
import pathlib
for process in pathlib.Path("/proc").glob("[0-9]*"):
    words = (process / "cmdline").read_bytes().split(b"\\0")
    if b"explain_main.py" in words and b"--" not in words:
        lines = (process / "status").read_text().splitlines()
        print(*(line for line in lines if line.startswith(("Uid", "CapPrm", "CapEff"))))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
def test_a_run_belongs_to_whoever_reports_belongs_to(stack: Stack, tmp_path: Path) -> None:
    """Also if nobody in the container has that number, and nobody else may read the clone; and a stop reaches it."""
    folder = clone(tmp_path / "clone")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 4321, 4322)
        path.chmod(path.stat().st_mode & 0o700)
    stack.up("app")
    run = ["run", "--detach", "--no-deps", "locust", "--headless", "--only-summary"]
    container = stack.elsewhere(folder).compose(*run, environ={"LOCUST_REPORTS": "/mnt/reports"}).stdout.strip()
    try:
        wait_for(lambda: "All users spawned" in docker("logs", container).stderr, 30, "all users")
        rights = docker("exec", container, "python", "-c", RIGHTS).stdout.split()
        assert rights == ["Uid:", *["4321"] * 4, "CapPrm:", "0" * 16, "CapEff:", "0" * 16]
        docker("stop", container)
    finally:
        docker("rm", "--force", container)
    (kept,) = [path for path in (folder / "reports").iterdir() if path.is_dir()]
    assert kept.name.endswith("-3x6")
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in (kept, *kept.iterdir())}
    assert owners == {(4321, 4322)}
    assert (kept / "report.html").exists()


def test_a_locustfile_that_is_not_there_ends_up(stack: Stack) -> None:
    done = stack.compose("up", "--no-color", environ={"LOCUST_LOCUSTFILE": "nope.py"}, check=False, timeout=60)
    assert done.returncode == 1
    assert "LOCUST_LOCUSTFILE=nope.py: expected a file in locustfiles/" in done.stdout + done.stderr
    stack.compose("rm", "--force", "--stop", "locust", "ready")


@pytest.fixture(scope="module")
def app(stack: Stack) -> None:
    """The app with its defaults, for tests that leave it as it is."""
    stack.up("app")


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("scenario", ["scenarios", "io_bound", "cpu_bound", "mixed", "story", "template"])
def test_scenarios_run_headless(stack: Stack, scenario: str) -> None:
    result = stack.load(6, 2, environ={"LOCUST_LOCUSTFILE": f"{scenario}.py"})
    assert result.requests > 0
    assert result.failures == 0


def test_the_files_of_the_locust_container_are_the_repositorys(stack: Stack, tmp_path: Path) -> None:
    done = stack.compose("run", "--rm", "--no-TTY", "--no-deps", "--entrypoint", "ls", "locust", "/mnt/locust")
    files = {"scenarios.py", "io_bound.py", "cpu_bound.py", "mixed.py", "story.py", "template.py"}
    assert files <= set(done.stdout.split())
