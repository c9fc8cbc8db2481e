"""Which variables reach the containers, from the shell and from .env, and what an empty one does there."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.bed import ROOT, clean_environ
from tests.bed.compose import COMPOSE_ONLY, Stack
from tests.bed.docker import environment
from tests.bed.programs import ended
from tests.containers.test_compose import setting
from tests.test_variables import EXAMPLE

pytestmark = pytest.mark.container

# Those that compose has under `environment`; the rest are cores, memory and ports.
PASSED_ON = sorted(
    name for name in EXAMPLE if re.match(r"GUNICORN|PYTHON_(?!IMAGE)|WEB_|SERVER|SLOT|LOCUST|APP_MEMORY", name)
)
PORTS = ("APP_PORT", "LOCUST_WEB_PORT")
ENVIRON = {name: value for name, value in clean_environ().items() if not name.startswith(COMPOSE_ONLY)}


def lines(**values: str) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items())


@pytest.fixture
def folder(stack: Stack, tmp_path: Path) -> Path:
    """A folder with what the compose file needs, for a .env."""
    shutil.copytree(stack.folder, tmp_path, ignore=shutil.ignore_patterns("reports", "tests"), dirs_exist_ok=True)
    return tmp_path


def configured(stack: Stack, folder: Path, env: str = "", **shell: str) -> dict[str, Any]:
    """The services as Compose understands them."""
    (folder / ".env").write_text(env)
    config = stack.elsewhere(folder).compose("config", "--format", "json", environ=shell, env_file=".env")
    services: dict[str, Any] = json.loads(config.stdout)["services"]
    return services


def test_two_clones_whose_folders_have_one_name_can_be_kept_apart(tmp_path: Path) -> None:
    """As docs/commands.md says: to Compose they are one project, whose containers replace each other's."""
    (told,) = re.findall(r"`(COMPOSE_PROJECT_NAME=\w+)`", (ROOT / "docs" / "commands.md").read_text())

    def project(parent: str, env: str = "") -> str:
        folder = tmp_path / parent / "shop"
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("docker-compose.yml", ".env.example"):
            shutil.copy2(ROOT / name, folder / name)
        (folder / ".env").write_text(env)
        done = ended(["docker", "compose", "config", "--format", "json"], ENVIRON, cwd=folder)
        return str(json.loads(done.stdout)["name"])

    assert project("one") == project("two") == "shop"
    assert project("two", f"{told}\n") == told.partition("=")[2] != "shop"


def environments(services: dict[str, Any]) -> dict[str, str | None]:
    """The variables of the app and of Locust; None is passed on without a value, so it does not arrive."""
    app, locust = (services[name].pop("environment") for name in ("app", "locust"))
    # Both get all of .env: what compose names for one of them is that one's.
    found: dict[str, str | None] = locust | app
    return found | {name: value for name, value in locust.items() if name.startswith(("LOCUST_", "APP_"))}


@pytest.mark.parametrize("where", ["shell", "env"])
def test_an_empty_variable_is_passed_on_as_if_unset(stack: Stack, folder: Path, where: str) -> None:
    """Or empty, where tests/test_variables.py sees that gunicorn and Locust take that for none."""
    unset = configured(stack, folder)
    names = dict.fromkeys(set(EXAMPLE) - set(PORTS), "")
    empty = configured(stack, folder, **names) if where == "shell" else configured(stack, folder, lines(**names))
    without, given = environments(unset), environments(empty)
    assert empty == unset
    # All of .env gets into the app's container, names of Compose's own too.
    assert {name: value for name, value in given.items() if name not in without and value} == {}
    assert {name: given[name] for name in without if given[name] != without[name]} == {
        name: "" for name, value in without.items() if value is None
    }


@pytest.mark.parametrize(
    ("env", "shell", "expected"), [(None, "8", "8"), ("7", None, "7"), ("7", "8", "8"), ("7", "", "")]
)
def test_the_shells_variables_come_before_those_of_the_file(
    stack: Stack, folder: Path, env: str | None, shell: str | None, expected: str
) -> None:
    names = set(PASSED_ON) - set(PORTS)
    unset = environments(configured(stack, folder))
    in_env, in_shell = ({} if value is None else dict.fromkeys(names, value) for value in (env, shell))
    given = environments(configured(stack, folder, lines(**in_env), **in_shell))
    assert {name: given[name] for name in names} == {name: expected or unset[name] or "" for name in names}


def test_names_that_compose_does_not_have_arrive_from_the_file(stack: Stack, folder: Path) -> None:
    env = lines(GUNICORN_STATSD_HOST="127.0.0.1:8125", MY_APPS_OWN="x", PORT="9000")
    given = configured(stack, folder, env, GUNICORN_CHDIR="/")["app"]["environment"]
    assert (given["GUNICORN_STATSD_HOST"], given["MY_APPS_OWN"]) == ("127.0.0.1:8125", "x")
    assert given["PORT"] == "8000"
    assert "GUNICORN_CHDIR" not in given


def test_every_line_of_the_example_can_be_used(stack: Stack, folder: Path) -> None:
    # But for the one that names a file, which only its owner has.
    env = re.sub("(?m)^# (?=[A-Z][A-Z0-9_]+=)(?!APP_ENV_FILE)", "", (ROOT / ".env.example").read_text())
    services = configured(stack, folder, env)
    assert services["app"]["command"] == ["gunicorn"]
    given = environments(services)
    names = set(PASSED_ON) - set(PORTS)
    assert {name: given[name] for name in names} == {name: EXAMPLE[name] for name in names}


def test_it_starts_with_every_variable_empty(stack: Stack, folder: Path) -> None:
    names = set(EXAMPLE) - set(PORTS)
    assert {"GUNICORN_THREADS", "LOCUST_RUN_TIME", "LOCUST_HEADLESS", "WEB_CONCURRENCY"} <= names
    (folder / ".env").write_text(lines(**dict.fromkeys(names, "")))
    here = stack.elsewhere(folder)
    here.up(env_file=".env")
    assert setting(stack) == "workers=3 threads=6"
    assert environment(stack.container("app"))["WEB_CONCURRENCY"] == "01"
    assert stack.log("app").count("Booting worker") == 3
    here.load(2, 3)


def test_a_misspelt_name_in_the_file_ends_it_with_one_line(stack: Stack, folder: Path) -> None:
    (folder / ".env").write_text("GUNICORN_WROKERS=3\n")
    run = ["run", "--rm", "--no-TTY", "--no-deps", "app"]
    done = stack.elsewhere(folder).compose(*run, env_file=".env", check=False)
    line = "gunicorn.conf.py: GUNICORN_WROKERS=3: gunicorn has no such setting: did you mean GUNICORN_WORKERS?"
    assert done.returncode == 1
    assert [found for found in done.stderr.splitlines() if "gunicorn" in found or "Traceback" in found] == [line]
