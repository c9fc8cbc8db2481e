"""Each version has one place, and whatever else names it says the same."""

from __future__ import annotations

import re
import subprocess

import pytest
import tomllib
import yaml

from gunicorn_slots import __version__
from tests.bed import ROOT

# Each has all of the one before it, but the last, which has only the first.
LOCKS = ["requirements.txt", "sweep/requirements.txt", "requirements-dev.txt", "bench/peers/requirements.txt"]
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
# What was measured says with which versions; tests name older ones on purpose.
TEXTS = [
    name
    for name in TRACKED
    if not name.startswith(("tests/", "bench/figures/"))
    and not name.endswith((".png", ".csv", ".js"))
    and name not in LOCKS
]


def locked(name: str) -> dict[str, str]:
    """The versions in a lock file."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))


def found(pattern: str) -> dict[str, set[str]]:
    """What a pattern with one group finds, and in which files."""
    places: dict[str, set[str]] = {}
    for name in TEXTS:
        for value in re.findall(pattern, (ROOT / name).read_text(), re.MULTILINE):
            places.setdefault(value, set()).add(name)
    return places


@pytest.mark.parametrize("name", LOCKS)
def test_every_dependency_is_pinned_with_hashes(name: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())
    assert all(re.match(r"[\w.-]+(\[\w]+)?==\S+ .*--hash=sha256:", entry, re.DOTALL) for entry in entries)


def test_the_lock_files_agree() -> None:
    app, sweep, dev, peers = map(locked, LOCKS)
    assert app.items() <= sweep.items() <= dev.items()
    assert app.items() <= peers.items()
    assert {name: peers[name] for name in peers.keys() & dev.keys()}.items() <= dev.items()


def test_every_pin_is_the_locked_one() -> None:
    """In pyproject.toml, the Makefile, a workflow, a page, wherever."""
    versions = locked("requirements-dev.txt")
    named = re.compile(r"([\w.-]+)(?:\[\w+])?==(\d[\w.]*)")
    pins = {(name, *pin) for name in TEXTS for pin in named.findall((ROOT / name).read_text())}
    assert {place for place, *_ in pins} >= {"pyproject.toml"}
    assert {pin for pin in pins if pin[2] != versions.get(pin[1])} == set()


def test_every_group_names_what_is_locked() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    for group, lock in zip(("app", "sweep", "dev", "peers"), LOCKS, strict=True):
        names = {re.match(r"[\w.-]+", entry)[0] for entry in groups[group] if isinstance(entry, str)}  # type: ignore[index]
        assert names <= set(locked(lock))


def test_gunicorn_of_a_requirements_txt_without_one() -> None:
    """The Dockerfile is copied, so it cannot look the version up."""
    assert found(r"^ARG GUNICORN_VERSION=(\S+)") == {locked("requirements.txt")["gunicorn"]: {"Dockerfile"}}


def test_the_page_of_variables_shows_the_start_line_of_this_version() -> None:
    assert found(r"^gunicorn_slots (\S+): ") == {__version__: {"docs/variables.md"}}


def test_images() -> None:
    assert set(found(r"locustio/locust:(\d[\w.-]*)")) == {locked("sweep/requirements.txt")["locust"]}
    # Two pages name another one, for apps that need it.
    others = {"docs/own-app.md", "bench/projects.py"}
    assert len([version for version, places in found(r"\bpython:(\d[\w.-]*)").items() if places - others]) == 1


def test_the_tools_that_lock_an_apps_requirements() -> None:
    """The Dockerfile is copied, so it cannot look these up either."""
    assert found(r"^ARG UV_VERSION=(\S+)") == {locked("requirements-dev.txt")["uv"]: {"Dockerfile"}}
    assert len(found(r"^ARG POETRY_VERSION=(\S+)")) == 1


def test_actions() -> None:
    versions: dict[str, set[str]] = {}
    for action, version in re.findall(r"uses: ([\w./-]+)@(\S+)", (ROOT / ".github/workflows/ci.yml").read_text()):
        versions.setdefault(action, set()).add(version)
    assert {action: found for action, found in versions.items() if len(found) > 1} == {}


def test_pre_commit_runs_what_is_locked() -> None:
    repos = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    (local,) = [repo for repo in repos if repo["repo"] == "local"]
    tools = {hook["entry"].split()[0].removeprefix(".venv/bin/") for hook in local["hooks"]}
    assert tools == {"ruff", "mypy"} <= set(locked("requirements-dev.txt"))
