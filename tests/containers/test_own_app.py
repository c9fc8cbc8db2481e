"""A folder of somebody else's as APP_DIR: what is built of it, what is served, and that it stays as it is."""

from __future__ import annotations

import os
import re
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed import ROOT, clean_environ
from tests.bed.compose import Stack
from tests.bed.docker import docker
from tests.bed.foreign import write
from tests.bed.terminal import terminal
from tests.bed.waiting import wait_for, wait_for_200

pytestmark = pytest.mark.container

PROJECTS = ROOT / "tests" / "projects"
TUTORIAL = "gunicorn 'journal:create_app()'"
APP = """
import os, pathlib
from flask import Flask

app = Flask(__name__)

@app.get("/")
def index():
    pathlib.Path("logs").mkdir(exist_ok=True)
    pathlib.Path("logs/shop.log").write_text("asked")
    return os.environ.get("GREETING", "hello")
"""
SECRET = "secret of the shop"
KEY = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET}\n"
SECRETS = {
    ".env": SECRET,
    "app.env": f"GREETING='{SECRET}'\n",
    "config/prod.env": SECRET,
    ".env.local": SECRET,
    ".git/config": SECRET,
    "env/pyvenv.cfg": SECRET,
    "env/lib/a.py": SECRET,
    "node_modules/a/index.js": SECRET,
    "deploy_key": KEY,
    "certs/mine.pem": KEY,
    "tls.key": SECRET,
    ".ssh/config": SECRET,
}


@pytest.fixture(scope="module")
def own(stack: Stack) -> Iterator[Stack]:
    """The stack under another project's name, so that the others keep their image."""
    own = Stack(f"slots-own-{os.getpid()}", stack.folder)
    yield own
    own.down()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with a space in its path, which is reached by a link."""
    folder = tmp_path / "my shop"
    write(folder, {"app.py": APP, "requirements.txt": "flask\n"})
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    return tmp_path / "link"


def listing(folder: Path) -> dict[str, str]:
    folder = folder.resolve()
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def start(own: Stack, folder: Path | str, **environ: str) -> str:
    """Serve a folder, and return what its first page says."""
    own.compose("up", "--detach", "app", environ={"APP_DIR": str(folder), **environ}, timeout=400)
    wait_for_200(own.app_url)
    with urllib.request.urlopen(own.app_url, timeout=10) as response:
        assert "SlotWorker" in response.headers["Server-Timing"]
        return str(response.read().decode())


def in_image(own: Stack, *command: str) -> str:
    return docker("run", "--rm", own.image, *command, check=False).stdout


def test_a_folder_that_is_left_as_it_is_and_whose_secrets_stay_there(own: Stack, shop: Path) -> None:
    write(shop, SECRETS | {"certs/public.pem": "-----BEGIN CERTIFICATE-----\n", "notes/env.txt": ""})
    before = listing(shop)
    assert start(own, shop) == SECRET
    assert listing(shop) == before
    assert in_image(own, "grep", "-rl", SECRET, "/srv/app") == ""
    files = in_image(own, "find", ".", "-type", "f").split()
    assert sorted(files) == ["./app.py", "./certs/public.pem", "./notes/env.txt", "./requirements.txt"]
    assert in_image(own, "sh", "-c", "ls /srv/app/logs; which gcc pip-compile") == ""


def test_a_dockerignore_of_its_own_counts(own: Stack, shop: Path) -> None:
    write(shop, {".dockerignore": "notes/\n", "notes/a.txt": "", "demo.env": "", "certs/mine.pem": KEY})
    start(own, shop)
    files = in_image(own, "find", ".", "-type", "f").split()
    assert {"./demo.env", "./certs/mine.pem"} <= set(files)
    assert not any("notes" in name for name in files)


def layers(own: Stack) -> list[str]:
    return docker("image", "inspect", "--format", "{{json .RootFS.Layers}}", own.image).stdout.split(",")


def test_a_change_of_code_is_served_and_installs_nothing(own: Stack, shop: Path) -> None:
    assert start(own, shop) == "hello"
    before = layers(own)
    (shop / "app.py").write_text(APP.replace('"hello"', '"goodbye"'))
    assert start(own, shop) == "goodbye"
    assert [one != other for one, other in zip(before, layers(own), strict=True)].count(True) == 1


def test_the_files_that_a_project_has_copied_are_its_own(own: Stack, shop: Path) -> None:
    for name in ("gunicorn.conf.py", "gunicorn_slots"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, shop / name)
    conf = shop / "gunicorn.conf.py"
    conf.write_text(conf.read_text().replace("threads = 6", "threads = 5"))
    start(own, shop)
    assert "× 5 threads" in own.log("app")


def test_an_app_that_may_not_write_is_told_who_says_so(own: Stack) -> None:
    environ = {"APP_DIR": str(PROJECTS / "tutorial"), "APP_WRITABLE": "false", "STARTUP_COMMAND": TUTORIAL}
    own.compose("up", "--detach", "app", environ=environ)
    line = "it may not write into /srv/app: APP_WRITABLE=true in Compose, --build-arg WRITABLE=true for an image"
    wait_for(lambda: line in own.log("app"), 30, line)
    assert in_image(own, "find", "/srv/app", "/opt/venv", "-writable", "!", "-type", "l") == ""


@pytest.mark.parametrize(
    ("folder", "line"),
    [
        ("/nowhere/shop", 'path "/nowhere/shop" not found'),
        ("~/nowhere", f'path "{Path.home()}/nowhere" not found'),
    ],
)
def test_a_folder_that_is_not_there_is_one_line(own: Stack, folder: str, line: str) -> None:
    done = own.compose("up", "--detach", "app", environ={"APP_DIR": folder}, check=False)
    assert done.returncode
    assert line in done.stderr.splitlines()[-1]


def test_its_own_locustfile_with_the_analysis(own: Stack, shop: Path) -> None:
    """Found, or by its path, and without `import explain`."""
    start(own, shop)
    user = "from locust import FastHttpUser, task\nclass User(FastHttpUser):\n    @task\n    def a(self):\n"
    write(shop, {"locustfile.py": user + "        self.client.get('/', name='found')\n"})
    write(shop, {"load/users.py": user + "        self.client.get('/', name='named')\n"})
    for environ, name in (
        ({}, "found"),
        ({"LOCUST_LOCUSTFILE": f"{shop}/load/users.py"}, "named"),
        ({"LOCUST_LOCUSTFILE": "pages.py", "LOCUST_PATHS": "/,/?a"}, "/?a"),
    ):
        done = own.locust(
            *("--headless", "-u", "4", "-t", "2s", "--only-summary"), environ={"APP_DIR": str(shop), **environ}
        )
        assert name in done.stdout + done.stderr
        assert "Verdict: " in done.stdout + done.stderr


def test_flasks_tutorial(own: Stack) -> None:
    """A pyproject.toml alone, a factory that is named in the startup command, and a database in its instance folder."""
    folder = PROJECTS / "tutorial"
    assert start(own, folder, STARTUP_COMMAND=TUTORIAL) == "0 entries"
    with urllib.request.urlopen(own.app_url, data=b"", timeout=10) as response:
        assert response.status == 201
    assert not (folder / "instance").exists()


PAGE = (ROOT / "docs" / "own-app.md").read_text()


def test_the_page_about_a_database(own: Stack, tmp_path: Path) -> None:
    """Its override and its command as printed, with a PostgreSQL and a psycopg2 that is built."""
    folder = tmp_path / "clone"
    shutil.copytree(own.folder, folder)
    shutil.copytree(PROJECTS / "postgres", tmp_path / "shop")
    override = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    command = re.search(r"^APP_DIR=~/shop .*PACKAGES.*docker compose up$", PAGE, re.MULTILINE)
    assert override
    assert command
    (folder / "docker-compose.override.yml").write_text(override[1])
    environ = {"HOME": str(tmp_path), "COMPOSE_PROJECT_NAME": own.project, "APP_PORT": str(own.app_port)}
    environ |= {"LOCUST_WEB_PORT": str(own.web_port), "COMPOSE_ANSI": "never"}
    own.compose("stop", "app")  # what answers is then what the command has started
    with terminal(command[0], folder, clean_environ() | environ) as running:
        wait_for_200(own.app_url, 120)
        with urllib.request.urlopen(own.app_url, timeout=10) as response:
            assert response.read() == b"shop"
        running.press_ctrl_c()
        running.status()
    assert in_image(own, "sh", "-c", "which gcc pg_config") == ""
