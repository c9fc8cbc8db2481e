"""The sweep in its container, as somebody who is not root on the host."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep.folder import load
from tests.bed.compose import Stack, clone
from tests.sweep.marked import SHARED

pytestmark = [pytest.mark.container, pytest.mark.load]
SHOP = """
import os, pathlib
from flask import Flask

app = Flask(__name__)
pathlib.Path("logs").mkdir(exist_ok=True)
pathlib.Path("logs", str(os.getpid())).write_text(os.environ["GREETING"])
app.get("/shop")(lambda: "shop")
"""
LOAD = """
from locust import FastHttpUser, task

class Visitor(FastHttpUser):
    @task
    def shop(self):
        self.client.get("/shop")
"""
OWNER = 1234  # nobody has this number here, nor in the image


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A clone, which a user of the host made under umask 077."""
    # Not below pytest's own folder, which each pytest that starts closes to others again.
    with tempfile.TemporaryDirectory() as base:
        Path(base).chmod(0o755)
        yield owned_clone(Path(base) / "clone")


def owned_clone(place: Path) -> Path:
    place.mkdir()
    folder = clone(place)
    (folder / ".env").write_text("SECRET=1\n")
    (folder / "sweep" / ".env.local").write_text("SECRET=1\n")
    for path in [folder, *folder.rglob("*")]:
        path.chmod(path.stat().st_mode & 0o700)
        os.chown(path, OWNER, OWNER)
    return folder


@pytest.fixture(scope="module")
def project(folder: Path) -> Iterator[Stack]:
    stack = Stack(f"sweep-test-{os.getpid()}", folder=folder)
    stack.compose("build", "--quiet", "sweep", timeout=600)
    yield stack
    stack.down()


def test_it_measures_and_the_hosts_user_can_delete_what_it_wrote(project: Stack, folder: Path) -> None:
    args = ["--workers", "1", "--threads", "1,4", *SHARED]
    done = project.compose("run", "--rm", "--no-TTY", "sweep", *args)
    (out,) = [path for path in (folder / "reports").iterdir() if path.is_dir()]
    assert f"reports/{out.name}/report.html" in done.stderr
    results = load(out)
    assert [run.status for run in results.runs] == ["ok", "ok"]
    assert json.loads((out / "recommendation.json").read_text())["threads"] == 4
    assert results.info.command.startswith("docker compose run --rm sweep --workers 1 --threads 1,4 ")
    for path in [out, *out.iterdir()]:
        assert path.stat().st_uid == OWNER
    subprocess.run(["rm", "-r", str(out)], user=OWNER, group=OWNER, extra_groups=[], check=True)
    assert not out.exists()


def test_a_bad_option_is_one_line(project: Stack) -> None:
    done = project.compose("run", "--rm", "--no-TTY", "sweep", "--users", "0", check=False)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1] == "sweep: --users=0: expected a whole number from 1 to 10000"


def test_no_env_file_gets_into_the_image(project: Stack) -> None:
    script = "find /srv/app -name '.env*'; ls /srv/app"
    done = project.compose("run", "--rm", "--no-TTY", "--entrypoint", "sh", "sweep", "-c", script)
    assert set(done.stdout.split()) == {"app", "gunicorn.conf.py", "gunicorn_slots", "requirements.txt"}


def test_an_app_of_ones_own_with_its_locustfile(project: Stack, folder: Path) -> None:
    """Which writes beside its code, and reads a variable."""
    shop = folder.parent / "shop"
    shop.mkdir()
    (shop / "wsgi.py").write_text(SHOP)
    (shop / "requirements.txt").write_text("flask\n")
    (shop / "app.env").write_text("GREETING=hello\n")
    (shop / "locustfile.py").write_text(LOAD)
    shop.chmod(0o700)
    os.chown(shop, OWNER, OWNER)
    args = ["--workers", "1", "--threads", "2", "--users", "4", "--repeats", "1", "--seconds", "2"]
    done = project.compose("run", "--rm", "--no-TTY", "sweep", *args, environ={"APP_DIR": str(shop)})
    assert "wsgi:app" in done.stdout + done.stderr
    (out,) = (path for path in (folder / "reports").iterdir() if path.is_dir())
    assert [run.status for run in load(out).runs] == ["ok"]
    assert out.name.startswith("locustfile-")
