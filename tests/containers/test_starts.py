"""Apps that do not start, in Compose: their reason is on the screen that a person looks at, once, in a few lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.bed.compose import Stack
from tests.bed.docker import docker, environment

pytestmark = pytest.mark.container

HEADLESS = ["--headless", "-u", "1", "-t", "1s"]
KEY = 'import os\n\n\ndef create_app():\n    return os.environ["SECRET_KEY"]\n\n\napp = create_app()\n'
KILLED = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
LARGE = "rows = []\nwhile True:\n    rows.append(b'x' * 2**20)\napp = rows\n"
HANGS = "import time\ntime.sleep(3600)\napp = None\n"
WELL = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'well']\n"


@pytest.fixture
def override(tmp_path: Path) -> Path:
    """An override that puts the app in this folder in place of the sample app."""
    tmp_path.chmod(0o755)
    (tmp_path / "app").mkdir(mode=0o755)
    path = tmp_path / "override.yml"
    path.write_text(f'services:\n  app:\n    volumes: ["{tmp_path}/app:/srv/app/app:ro"]\n')
    return path


@pytest.fixture
def nothing_noted(stack: Stack) -> None:
    """No note of a start before."""
    stack.compose("rm", "--force", "--stop", "app", "locust", "ready")
    docker("volume", "rm", f"{stack.project}_start", check=False)


def run(stack: Stack, override: Path, app: str, environ: Mapping[str, str]) -> CompletedProcess[str]:
    (override.parent / "app" / "__init__.py").write_text(app)
    stack.compose("rm", "--force", "--stop", "app")
    command = ["run", "--rm", "--no-TTY", "locust", *HEADLESS]
    return stack.compose(*command, override=override, environ=environ, check=False)


def of_ours(done: CompletedProcess[str]) -> list[str]:
    """The lines that are not Compose's own."""
    composes = re.compile(r"^ *(Container|Network|Volume|Image)\b|^time=|^$")
    return [line for line in done.stderr.splitlines() if not composes.match(line)]


@pytest.mark.parametrize(
    ("app", "environ", "lines"),
    [
        (
            KEY,
            {},
            [
                "the app does not start: KeyError: 'SECRET_KEY'",
                '  File "/srv/app/app/__init__.py", line 8, in <module>',
                "    app = create_app()",
                '  File "/srv/app/app/__init__.py", line 5, in create_app',
                '    return os.environ["SECRET_KEY"]',
                "  the app's variables go into app.env in its folder, or into a file that APP_ENV_FILE names",
            ],
        ),
        (
            LARGE,
            {"APP_MEMORY": "64m", "GUNICORN_WORKERS": "1"},
            [
                "the app does not start: 2 workers ended before they had loaded it, as the kernel has killed some for "
                "lack of memory: the limit is 64 MB"
            ],
        ),
        (
            WELL,
            {"GUNICORN_THREADS": "abc"},
            ["gunicorn.conf.py: GUNICORN_THREADS=abc: expected a whole number, 1 or more"],
        ),
        (
            WELL,
            {"STARTUP_COMMAND": "gunicorn --bind 0.0.0.0:5000 app:app"},
            [
                "gunicorn_slots: gunicorn listens on 0.0.0.0:5000, and the host looks for it at PORT=8000: set "
                "--bind=0.0.0.0:8000, or no bind at all"
            ],
        ),
        (
            WELL,
            {"STARTUP_COMMAND": "false"},
            ["the app's container has ended: `docker compose logs app` says why"],
        ),
        (
            HANGS,
            # gunicorn would wait 30 s for it to end.
            {"APP_START_SECONDS": "4", "APP_STOP_GRACE": "1s"},
            ["the app did not answer within 4 s (APP_START_SECONDS)", "`docker compose logs app` has its log"],
        ),
    ],
    ids=["KeyError", "out of memory", "a bad setting", "another port", "no gunicorn", "hangs"],
)
@pytest.mark.usefixtures("nothing_noted")
def test_locust_says_why(stack: Stack, override: Path, app: str, environ: dict[str, str], lines: list[str]) -> None:
    """Before, each of them ended in "container … is unhealthy", or in an endless wait."""
    done = run(stack, override, app, environ)
    assert done.returncode == 1
    assert of_ours(done) == lines
    assert "Traceback" not in stack.log("app")
    assert stack.log("app").count(lines[0]) == (lines[0].startswith(("the app does", "gunicorn")))


def test_the_app_that_has_been_mended_is_waited_for(stack: Stack, override: Path) -> None:
    """The note of the start before is there until the new one begins."""
    assert run(stack, override, KEY, {}).returncode == 1
    done = run(stack, override, WELL, {})
    assert done.returncode == 0, done.stderr
    assert "All users spawned" in done.stderr


def test_up_says_it_too(stack: Stack, override: Path) -> None:
    (override.parent / "app" / "__init__.py").write_text(KEY)
    stack.compose("rm", "--force", "--stop", "app")
    done = stack.compose("up", "--no-color", override=override, check=False)  # ends, as both containers do
    screen = done.stdout + done.stderr
    for service in ("app-1", "locust-1"):
        said = [line for line in screen.splitlines() if line.startswith(service) and "KeyError" in line]
        assert len(said) == 1, screen
    assert "Traceback" not in screen


# --- health checks -----------------------------------------------------------------------------------

PROXIES = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")


def test_health_checks_ask_no_proxy(stack: Stack, tmp_path: Path) -> None:
    """As Docker's own configuration puts proxies into each container, behind a company's one."""
    override = tmp_path / "override.yml"
    lines = "".join(f"      - {name}={value}\n" for name, value in PROXIES.items())
    override.write_text("services:\n" + "".join(f"  {name}:\n    environment:\n{lines}" for name in ("app", "locust")))
    stack.compose("up", "--detach", "--wait", "--force-recreate", override=override)
    for service in ("app", "locust"):
        container = stack.container(service)
        assert environment(container)["HTTP_PROXY"] == PROXIES["HTTP_PROXY"]
        assert stack.inspect(service)["State"]["Health"]["Status"] == "healthy"


def test_the_apps_health_check_follows_the_port(stack: Stack) -> None:
    command = ["run", "--detach", stack.image, "gunicorn", "--bind", "0.0.0.0:5000"]
    container = docker(*command).stdout.strip()
    check = ["exec", container, "python", "-I", "gunicorn_slots/health.py"]
    try:
        for _ in range(50):
            if not (status := docker(*check, check=False).returncode):
                break
        assert status == 0
    finally:
        docker("rm", "--force", container)
