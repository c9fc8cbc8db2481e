"""What README, CONTRIBUTING.md and docs/commands.md print can be run; what needs Docker is in tests/containers."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests import readme
from tests.bed import ROOT, clean_environ
from tests.bed.compose import clone
from tests.bed.programs import ended
from tests.bed.terminal import terminal

(ELSEWHERE,) = [command for command in readme.of("make") if "--chdir" in command]
(OWN,) = [command for command in readme.of("make") if re.search("sweep.*APP_DIR", command)]


def test_every_command_is_known() -> None:
    assert [command for command in readme.commands() if readme.kind(command) is None] == []
    assert all(readme.of(kind) for kind in readme.KINDS)


def test_an_app_of_ones_own_comes_early() -> None:
    """From a clone to a load test of it: clone, go there, and one command."""
    begin = (ROOT / "README.md").read_text().splitlines()[:60]
    assert any(readme.kind(line) == "locust" and "APP_DIR" in line for line in begin)


def test_it_is_read_in_five_minutes() -> None:
    """Tables and code included."""
    assert len((ROOT / "README.md").read_text().split()) <= 1500


def figures(page: str) -> tuple[list[str], list[list[str]]]:
    """The blocks of code of a page, and the numbers and names in code of each row of its tables."""
    text = (ROOT / page).read_text()
    blocks = re.findall(r"^```.*?^```$", text, re.MULTILINE | re.DOTALL)
    return blocks, [re.findall(r"`[^`]+`|\d+", row) for row in re.findall(r"^\|.*\|$", text, re.MULTILINE)]


def test_the_japanese_one_says_the_same() -> None:
    assert figures("README.ja.md") == figures("README.md")


def test_the_japanese_one_leads_to_the_same_pages() -> None:
    def pages(name: str) -> set[str]:
        return set(re.findall(r"\]\(([\w./-]+)\)", (ROOT / name).read_text())) - {"README.md", "README.ja.md"}

    assert pages("README.ja.md") == pages("README.md")


@pytest.mark.process
@pytest.mark.parametrize("command", readme.of("make"))
def test_it_is_a_target_of_make(command: str) -> None:
    """They are the tests themselves, or take minutes, so make only says what it would do."""
    done = ended(["bash", "-c", f"{command} --dry-run"], cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        assert set(re.findall(r"`make ([a-z-]+)", page.read_text())) <= targets, page


def environment(folder: Path) -> None:
    """Make what looks like an environment with all that anybody needs."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (folder / "bin" / "python").chmod(0o755)
    (folder / "installed").touch()


@pytest.mark.process
def test_a_sweep_of_an_app_of_ones_own(tmp_path: Path) -> None:
    """Which gets an environment of its own, with what it requires; the folder stays as it is."""
    here, shop = clone(tmp_path / "clone"), tmp_path / "shop"
    environment(here / ".venv-sweep")
    shutil.copytree(ROOT / "tests" / "projects" / "src-layout", shop)
    before = sorted(shop.rglob("*"))
    with terminal(OWN, here, clean_environ() | {"HOME": str(tmp_path)}) as running:
        running.wait_for("Results: reports/pages-", 120)
        running.press_ctrl_c()
        running.wait_for("Report: reports/pages-", 60)
    (out,) = (here / "reports").glob("pages-*/sweep.json")
    assert json.loads(out.read_text())["app"] == "app:app"
    assert sorted(shop.rglob("*")) == before


@pytest.mark.process
def test_a_sweep_of_an_app_elsewhere(tmp_path: Path) -> None:
    """With make's two environments there already, and the app's own below ~/shop."""
    here, shop = clone(tmp_path / "clone"), tmp_path / "shop"
    for folder in (here / ".venv-app", here / ".venv-sweep", shop / ".venv"):
        environment(folder)
    (shop / "shop.py").write_text("from flask import Flask\napp = Flask(__name__)\napp.get('/')(lambda: 'shop')\n")
    scenario = (ROOT / "locustfiles" / "io_bound.py").read_text()
    (shop / "locustfile.py").write_text(re.sub('"/io[^"]*"', '"/"', scenario))
    with terminal(ELSEWHERE, here, clean_environ() | {"HOME": str(tmp_path)}) as running:
        running.wait_for("Results: reports/locustfile-", 60)
        running.press_ctrl_c()
        running.wait_for("Report: reports/locustfile-", 60)
