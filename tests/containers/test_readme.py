"""What the README and docs/commands.md print, run as printed; only ports, names and lengths are others."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import readme
from tests.bed import ROOT, clean_environ, foreign, free_port
from tests.bed.compose import Stack
from tests.bed.docker import docker, environment
from tests.bed.terminal import terminal
from tests.bed.waiting import wait_for_200
from tests.containers.test_compose import setting
from tests.sweep import samples

pytestmark = pytest.mark.container

# So that Locust need not wait five seconds for an app that is there.
SOONER = "services: {app: {healthcheck: {interval: 500ms}}}\n"
SETTINGS = {
    "GUNICORN_WORKERS=1 GUNICORN_THREADS=1": "workers=1 threads=1",
    "GUNICORN_WORKERS=2 GUNICORN_THREADS=9": "workers=2 threads=9",
    "plans/P1v3.env": "workers=5 threads=6",
}


def expected(command: str) -> str:
    return next((value for name, value in SETTINGS.items() if name in command), "workers=3 threads=6")


@pytest.fixture(scope="module")
def environ(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables under which a command that does not name them uses the stack's project and ports."""
    override = tmp_path_factory.mktemp("readme") / "override.yml"
    override.write_text(SOONER)
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "tests" / "projects" / "factory", home / "shop")
    stack.compose("stop")  # what answers is then what the command has started
    yield clean_environ() | {
        "HOME": str(home),
        "COMPOSE_ANSI": "never",
        "COMPOSE_PROJECT_NAME": stack.project,
        "COMPOSE_FILE": f"docker-compose.yml:{override}",
        "APP_PORT": str(stack.app_port),
        "LOCUST_WEB_PORT": str(stack.web_port),
        "GENERATOR_CPUSET": "1" if (os.cpu_count() or 1) > 1 else "0",
    }
    stack.compose("stop")


@pytest.mark.parametrize("command", readme.of("up"))
def test_up(stack: Stack, environ: dict[str, str], command: str) -> None:
    for _ in range(3):
        with terminal(command, stack.folder, environ) as running:
            wait_for_200(stack.web_url, 60)
            assert setting(stack) == expected(command)
            with urllib.request.urlopen(stack.app_url, timeout=10) as response:
                kind = re.search(r"class=(\w+)", response.headers["Server-Timing"])
            assert kind
            assert kind[1] == ("gthread" if "gthread" in command else "SlotWorker")
            given = {name: value for name, value in readme.variables(command).items() if name.startswith("LOCUST_")}
            assert given.items() <= environment(stack.container("locust")).items()
            running.press_ctrl_c()
            running.status()  # not looked at: Compose 2.26 sometimes panics, after all has stopped
        if "Killing" not in running.text:  # or it takes one Ctrl-C for two, and waits for nobody
            break
    assert [stack.inspect(service)["State"]["ExitCode"] for service in ("app", "locust")] == [0, 0], running.text


def beside(command: str) -> pytest.MarkDecorator:
    """What may run beside a load test: nothing where it can miss a threshold, no other Locust in any case."""
    return pytest.mark.alone if "--check" in command else pytest.mark.load


@pytest.mark.parametrize("command", [pytest.param(each, marks=beside(each)) for each in readme.of("locust")])
def test_locust(stack: Stack, environ: dict[str, str], command: str) -> None:
    shorter = command.replace("-t 30s", "-t 3s")
    assert shorter != command
    for _ in range(3):
        with terminal(shorter, stack.folder, environ) as running:
            status = running.status()
        if status != 3 or "missed" not in running.text:  # a threshold, which other work on the machine can miss
            break
    assert status == 0, running.text
    assert "Aggregated" in running.text
    assert setting(stack) == expected(command)
    assert ("--html" in command) <= (stack.folder / "reports" / "locust.html").exists()


SWEEPS = [command for command in readme.of("sweep") if not re.search("resume|report|compare", command)]
LOOKS = [command for command in readme.of("sweep") if re.search("report|compare", command)]
(RESUME,) = [command for command in readme.of("sweep") if "resume" in command]


def begun(command: str, stack: Stack, environ: dict[str, str]) -> str:
    """Run a sweep until it starts to measure; return where its results are."""
    with terminal(command, stack.folder, environ) as running:
        running.wait_for("Results: reports/", 150)  # the first one builds what the sweep needs
        running.press_ctrl_c()
        assert running.status() == 130, running.text
    found = re.search(r"Results: (\S+)", running.text)
    assert found
    return found[1]


@pytest.mark.parametrize("command", SWEEPS)
def test_a_sweep_starts_and_can_be_stopped(stack: Stack, environ: dict[str, str], command: str) -> None:
    assert (stack.folder / begun(command, stack, environ)).is_dir()


def test_a_sweep_goes_on(stack: Stack, environ: dict[str, str]) -> None:
    before = begun(SWEEPS[0], stack, environ)
    assert begun(RESUME, stack, environ) == before


@pytest.mark.parametrize("command", LOOKS)
def test_sweeps_that_have_ended(stack: Stack, environ: dict[str, str], command: str) -> None:
    for name in ("NAME", "BEFORE", "AFTER"):
        if not (stack.folder / "reports" / name).exists():
            samples.sweep(stack.folder / "reports" / name)
    with terminal(command, stack.folder, environ) as running:
        assert running.status() == 0, running.text


def test_down(stack: Stack, environ: dict[str, str]) -> None:
    (command,) = readme.of("down")
    project = environ | {"COMPOSE_PROJECT_NAME": f"down-{free_port()}"}
    subprocess.run(
        ["docker", "compose", "create", "app"], cwd=stack.folder, env=project, capture_output=True, check=True
    )
    with terminal(command, stack.folder, project) as running:
        assert running.status() == 0, running.text
    left = subprocess.run(
        ["docker", "compose", "ps", "--all", "--quiet"], cwd=stack.folder, env=project, capture_output=True, check=True
    )
    assert left.stdout == b""


def test_a_project_of_ones_own(tmp_path: Path) -> None:
    foreign.copy(foreign.project(tmp_path), "Dockerfile", "gunicorn.conf.py", "gunicorn_slots", ".dockerignore")
    (tmp_path / ".dockerignore").write_text((ROOT / ".dockerignore").read_text().replace("!app/", "!app.py"))
    (tmp_path / "requirements.txt").touch()
    port, name = free_port(), f"my-app-{free_port()}"
    build, run = (text.replace("my-app", name).replace(":8000:", f":{port}:") for text in readme.of("project"))
    subprocess.run(["bash", "-c", build], cwd=tmp_path, capture_output=True, check=True)
    try:
        with terminal(run, tmp_path, clean_environ()) as running:
            wait_for_200(f"http://127.0.0.1:{port}/")
            running.press_ctrl_c()
            assert running.status() == 0
    finally:
        docker("rmi", "--force", name)
