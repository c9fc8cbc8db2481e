"""The image: what is in it, who runs it, how it says that it is well; and the same of a copied Dockerfile."""

from __future__ import annotations

import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed import ROOT, foreign, free_port
from tests.bed.compose import Stack
from tests.bed.docker import docker, image_bytes, inspect
from tests.bed.slots import most_at_once
from tests.bed.waiting import wait_for

pytestmark = pytest.mark.container

BASE = "python:3.13-slim-trixie"


def in_image(image: str, *command: str) -> str:
    return docker("run", "--rm", image, *command).stdout.strip()


def test_size_above_the_base(stack: Stack) -> None:
    assert image_bytes(stack.image) - image_bytes(BASE) <= 25e6


def test_holds_the_app_and_nothing_else(stack: Stack) -> None:
    found = in_image(stack.image, "find", "/srv/app", "-type", "f").split()
    tracked = subprocess.run(
        ["git", "ls-files", "app", "gunicorn_slots"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    expected = {*tracked.split(), "gunicorn.conf.py", "requirements.txt"}
    assert {name.removeprefix("/srv/app/") for name in found} == expected


def test_no_development_tools(stack: Stack) -> None:
    names = ("locust", "pytest", "pip", "playwright", "psutil")
    code = f"import importlib.util; print([name for name in {names} if importlib.util.find_spec(name)])"
    assert in_image(stack.image, "python", "-c", code) == "[]"


def test_no_compiler(stack: Stack) -> None:
    code = "import shutil; print([name for name in ('gcc', 'cc', 'c++', 'make', 'ld') if shutil.which(name)])"
    assert in_image(stack.image, "python", "-c", code) == "[]"


def test_runs_as_a_fixed_user_who_cannot_change_the_code(stack: Stack) -> None:
    assert in_image(stack.image, "id", "-u") == "10001"
    assert in_image(stack.image, "find", "/srv/app", "/opt/venv", "-writable", "!", "-type", "l") == ""


def test_secrets_stay_outside(tmp_path: Path) -> None:
    """Whatever lies about in the folder: only what .dockerignore names gets in."""
    for name in ("app", "gunicorn_slots", "gunicorn.conf.py", "requirements.txt", "Dockerfile", ".dockerignore"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    for name in (".env", "id_rsa", "app/.env", "app/.env.local", ".git/config", "tests/test_x.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("SECRET")
    image = f"slots-secrets-{free_port()}"
    docker("build", "--quiet", "--tag", image, str(tmp_path))
    try:
        done = docker("run", "--rm", image, "grep", "-rl", "SECRET", "/srv/app", check=False)
        assert done.stdout == ""
    finally:
        docker("rmi", "--force", image)


# --- the Dockerfile in a project that is not ours ---------------------------------------------------

APP = """
import time
from flask import Flask
app = Flask(__name__)
app.get("/")(lambda: "mine")
"""

HEALTH = {
    "ok": ("lambda: 'ok'", 0),
    "missing": ("", 0),
    "redirect": ("lambda: ('', 302, {'Location': '/'})", 0),
    "broken": ("lambda: ('', 500)", 1),
    "unavailable": ("lambda: ('', 503)", 1),
    "silent": ("lambda: time.sleep(20) or 'late'", 1),
}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A folder with the copied files and a requirements.txt without gunicorn and without hashes."""
    yield copied(tmp_path)
    docker("rmi", "--force", image_of(tmp_path), check=False)


def copied(folder: Path) -> Path:
    foreign.copy(folder, "Dockerfile", "gunicorn.conf.py", "gunicorn_slots")
    (folder / "requirements.txt").write_text("flask\n")
    return folder


def image_of(folder: Path) -> str:
    return folder.name.lower()


def start(project: Path, *options: str) -> tuple[str, int]:
    """Build and start a project; return the container and its port once it answers."""
    docker("build", "--quiet", "--tag", image_of(project), str(project))
    return serve(image_of(project), *options)


def serve(image: str, *options: str) -> tuple[str, int]:
    """Start an image; return the container and its port once it answers."""
    port = free_port()
    container = docker("run", "--detach", "--publish", f"127.0.0.1:{port}:8000", *options, image).stdout.strip()
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return container, port
    log = docker("logs", container).stderr
    docker("rm", "--force", container)
    raise AssertionError(f"no answer:\n{log}")


@pytest.mark.parametrize("name", ["application", "app", "run", "index", "server", "wsgi"])
def test_a_copied_dockerfile_builds_and_serves(project: Path, name: str) -> None:
    """Also where only the owner may read the files, as under umask 077."""
    (project / f"{name}.py").write_text(APP)
    for path in project.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    container, port = start(project)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as response:
            assert response.read() == b"mine"
        assert "exact slots" in docker("logs", container).stderr
    finally:
        docker("rm", "--force", container)


def test_a_copied_dockerfile_serves_18_at_a_time(project: Path) -> None:
    foreign.project(project)
    container, port = start(project, "--env", "GUNICORN_WORKERS=3")
    try:
        assert most_at_once(port, 36, path=foreign.WAIT) == 18
    finally:
        docker("rm", "--force", container)


def test_a_project_that_pins_an_older_gunicorn(project: Path) -> None:
    """It gets exact slots by settings alone, and is told so; with a single thread, too, each is answered."""
    (project / "requirements.txt").write_text("flask\ngunicorn==23.0.0\n")
    (project / "app.py").write_text(APP)
    for threads in ("6", "1"):
        container, port = start(project, "--env", f"GUNICORN_THREADS={threads}")
        try:
            assert "slots exact by settings alone, as gunicorn is 23.0.0" in docker("logs", container).stderr
            for _ in range(3):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as response:
                    assert response.status == 200
        finally:
            docker("rm", "--force", container)


def test_an_empty_port_is_none(project: Path) -> None:
    (project / "app.py").write_text(APP)
    container, _ = start(project, "--env", "PORT=")
    try:
        inspected = inspect(container)
        _, *command = inspected["Config"]["Healthcheck"]["Test"]
        assert docker("exec", container, *command, check=False).returncode == 0
    finally:
        docker("rm", "--force", container)


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The image of a copied project, in which an app.py can be mounted."""
    folder = copied(tmp_path_factory.mktemp("well"))
    (folder / "app.py").write_text(APP)
    image = f"well-{free_port()}"
    docker("build", "--quiet", "--tag", image, str(folder))
    yield image
    docker("rmi", "--force", image)


@pytest.mark.parametrize("kind", HEALTH)
def test_health_check(well: str, tmp_path: Path, kind: str) -> None:
    """The image's own command, run as the engine runs it."""
    view, status = HEALTH[kind]
    app = tmp_path / "app.py"
    app.write_text(APP + (f'app.get("/healthz", endpoint="health")({view})\n' if view else ""))
    app.chmod(0o644)
    container, _ = serve(well, "--volume", f"{app}:/srv/app/app.py:ro")
    try:
        inspected = inspect(container)
        form, *command = inspected["Config"]["Healthcheck"]["Test"]
        assert form == "CMD"
        assert docker("exec", container, *command, check=False).returncode == status
    finally:
        docker("rm", "--force", container)


# --- limits and stopping ----------------------------------------------------------------------------


def test_half_a_cpu_counts_as_one(stack: Stack) -> None:
    container = docker("run", "--detach", "--cpus", "0.5", stack.image).stdout.strip()
    try:
        line = "3 workers × 6 threads = 18 slots on 1 vCPU (workers: gunicorn.conf.py, threads: gunicorn.conf.py)"
        wait_for(lambda: line in docker("logs", container).stderr, 20, line)
    finally:
        docker("rm", "--force", container)


@pytest.mark.parametrize("value", ["GUNICORN_BIND=nonsense", "GUNICORN_THREADS=abc", "GUNICORN_WORKER_TMP_DIR=/nope"])
def test_a_bad_value_is_one_line(stack: Stack, value: str) -> None:
    done = docker("run", "--rm", "--env", value, stack.image, check=False, timeout=30)
    assert done.returncode == 1
    assert done.stderr.startswith(f"gunicorn.conf.py: {value}: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.alone
def test_first_answer_within_two_seconds(stack: Stack) -> None:
    seconds = []
    for _ in range(3):
        port = free_port()
        begin = time.monotonic()
        container = docker("run", "--detach", "--publish", f"127.0.0.1:{port}:8000", stack.image).stdout.strip()
        try:
            while time.monotonic() < begin + 20:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as response:
                        assert response.status == 200
                    break
                except OSError:
                    time.sleep(0.02)
            seconds.append(time.monotonic() - begin)
        finally:
            docker("rm", "--force", container)
    assert min(seconds) < 2
