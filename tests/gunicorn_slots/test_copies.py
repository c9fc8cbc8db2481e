"""Somebody else's project, with what it copies: 18 requests at a time in each way of having it."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bed import ROOT
from tests.bed.foreign import WAIT, copy, project
from tests.bed.gunicorn import Server, gunicorn, gunicorn_ends
from tests.bed.slots import most_at_once, start_line

pytestmark = pytest.mark.process

# What App Service's built-in image generates (Oryx, scriptgenerator.go), here with the numbers of a B1.
ORYX = "--timeout 600 --access-logfile '-' --error-logfile '-' --bind=0.0.0.0:{port} --chdir={folder}"


def test_the_file_and_the_folder(tmp_path: Path) -> None:
    folder = project(tmp_path / "shop")
    copy(folder, "gunicorn.conf.py", "gunicorn_slots")
    with gunicorn([], {"GUNICORN_WORKERS": "3"}, cwd=folder) as server:
        assert most_at_once(server.port, 36, path=WAIT) == 18


def test_the_file_without_the_folder_says_what_to_copy(tmp_path: Path) -> None:
    folder = project(tmp_path / "shop")
    copy(folder, "gunicorn.conf.py")
    done = gunicorn_ends([], {}, folder)
    assert done.returncode == 1
    expected = (
        "gunicorn.conf.py: No module named 'gunicorn_slots': copy the folder gunicorn_slots/ to where this file is\n"
    )
    assert done.stderr == expected


def test_a_file_elsewhere_puts_no_module_before_the_apps_own(tmp_path: Path) -> None:
    """This repository has an app/ too, beside the file that is named."""
    folder = project(tmp_path / "shop")
    with gunicorn(["-c", str(ROOT / "gunicorn.conf.py")], {"GUNICORN_WORKERS": "3"}, cwd=folder) as server:
        assert server.get("/")[1] == "shop\n"
        assert most_at_once(server.port, 36, path=WAIT) == 18


def test_an_app_of_a_name_that_is_installed_too(tmp_path: Path) -> None:
    """The app's folder comes before what is installed, as gunicorn has it; the file beside it must not change that."""
    folder = project(tmp_path / "shop", "click")
    copy(folder, "gunicorn.conf.py", "gunicorn_slots")
    with script(folder, "click:app", GUNICORN_WORKERS="1") as server:
        assert server.get("/")[1] == "shop\n"


def test_the_built_in_image(tmp_path: Path) -> None:
    """A folder without Docker: the generated command, in the working directory, with its GUNICORN_CMD_ARGS."""
    folder = project(tmp_path / "shop")
    copy(folder, "gunicorn.conf.py", "gunicorn_slots")
    settings = {
        "PYTHON_ENABLE_GUNICORN_MULTIWORKERS": "true",
        "PYTHON_GUNICORN_CUSTOM_WORKER_NUM": "3",
        "PYTHON_GUNICORN_CUSTOM_THREAD_NUM": "6",
    }
    args = shlex.split(ORYX.format(port=0, folder=folder))
    del args[args.index("--bind=0.0.0.0:0")]
    with script(
        folder, "app:app", GUNICORN_CMD_ARGS=shlex.join([*args, "--workers=3", "--threads=6"]), **settings
    ) as server:
        assert "exact slots" in start_line(server)
        assert most_at_once(server.port, 36, path=WAIT) == 18


@contextlib.contextmanager
def script(folder: Path, app: str, **environ: str) -> Iterator[Server]:
    """gunicorn as it is installed: unlike `python -m`, its script does not put the folder on the path."""
    program = [str(Path(sys.executable).with_name("gunicorn"))]
    with gunicorn([app], environ, cwd=folder, program=program, ready="/") as server:
        yield server


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with gunicorn and the wheel of this project."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    copy(source, "pyproject.toml", "LICENSE", "gunicorn_slots", "README.md")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(source)], check=True)
    (wheel,) = folder.glob("gunicorn_slots-*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    pinned = [
        line.split()[0]
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if line.startswith("gunicorn==")
    ]
    subprocess.run([*pip, "--python", str(python), "install", *pinned, str(wheel)], check=True)
    return folder


def test_the_wheel_serves_in_a_foreign_environment(installed: Path, tmp_path: Path) -> None:
    folder = project(tmp_path / "shop")
    program = [
        str(installed / "venv" / "bin" / "gunicorn"),
        "-k",
        "gunicorn_slots.SlotWorker",
        "--workers",
        "3",
        "--threads",
        "6",
    ]
    with gunicorn(["app:app"], cwd=folder, program=program, bind=True, ready="/") as server:
        assert most_at_once(server.port, 36, path=WAIT) == 18


def test_the_wheel_has_the_package_alone(installed: Path) -> None:
    python = installed / "venv" / "bin" / "python"
    code = (
        "import importlib.metadata as m; d = m.distribution('gunicorn-slots'); "
        "print(d.requires); print(*d.files, sep='\\n')"
    )
    out = subprocess.run(
        [str(python), "-c", code], capture_output=True, text=True, check=True, cwd=installed, env=dict(os.environ)
    )
    requires, *files = out.stdout.splitlines()
    assert requires == "['gunicorn']"
    folders = {Path(file).parts[0] for file in files}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {"gunicorn_slots"}
