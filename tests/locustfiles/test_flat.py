"""What makes the files portable: flat, no dependency but Locust, no circle, and a core that asks no machine."""

from __future__ import annotations

import ast
import graphlib
import json
import shutil
import sys
import urllib.error
from dataclasses import asdict
from pathlib import Path

import pytest

from explain_analysis import analyse
from explain_generator import Load
from explain_tally import tally_of
from tests.bed.cores import cores
from tests.bed.gunicorn import Server
from tests.bed.locust import LOCUSTFILES
from tests.bed.locust import explained as locust
from tests.bed.programs import ended
from tests.bed.waiting import wait_for
from tests.locustfiles.conftest import fetch
from tests.locustfiles.samples import run
from tests.locustfiles.ui import web_ui

WITH_LOCUST = {"locust", "gevent", "flask"}  # what Locust itself needs
# What reads the machine, the clock or chance: the pure part has none of these.
IMPURE = {"os", "pathlib", "platform", "random", "resource", "socket", "subprocess", "sys", "time", "datetime"}


def imports(file: Path) -> set[str]:
    """The top-level modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file.name}: a relative import does not work flat"
            found.add(str(node.module).partition(".")[0])
    return found


GRAPH = {file.stem: imports(file) for file in LOCUSTFILES.glob("*.py")}


def test_nothing_is_needed_but_locust() -> None:
    needed = set().union(*GRAPH.values())
    assert needed <= set(GRAPH) | set(sys.stdlib_module_names) | WITH_LOCUST


def test_the_machinery_sorts_apart_from_the_scenarios() -> None:
    assert {name for name in GRAPH if "explain" not in name} == {
        *("cpu_bound", "io_bound", "mixed", "pages", "scenarios", "story", "template"),
    }


def test_no_import_circle() -> None:
    graphlib.TopologicalSorter({name: used & set(GRAPH) for name, used in GRAPH.items()}).prepare()


def test_the_laws_import_nothing_of_ours() -> None:
    assert GRAPH["explain_laws"] & set(GRAPH) == set()


@pytest.mark.parametrize("module", ["explain_analysis", "explain_verdict", "explain_text", "explain_types"])
def test_the_core_is_pure(module: str) -> None:
    reached, left = set(), {module}
    while left:
        reached |= left
        left = set().union(*(GRAPH[name] & set(GRAPH) for name in left)) - reached
    for name in reached:
        assert GRAPH[name] & (IMPURE | WITH_LOCUST) == set(), name


SATURATED = [Load(seconds=10, cpu_seconds=9.5, cores=4)]
ELSEWHERE = f"""
import json, sys
from dataclasses import asdict
sys.path[:0] = {[str(LOCUSTFILES), str(LOCUSTFILES.parent)]!r}
from explain_analysis import analyse
from explain_arrivals import Arrivals
from explain_generator import Load
from explain_tally import Tally
found = analyse(Tally.from_dict(json.loads(sys.stdin.read())), 36, 10.0, [Load(*{list(SATURATED[0])!r})])
print(json.dumps(asdict(found)))
"""


@pytest.mark.process
@pytest.mark.parametrize("pin", [None, cores()[0]], ids=["all cores", "one core"])
def test_the_same_records_have_the_same_verdict_on_any_machine(pin: set[int] | None) -> None:
    """Four cores were there when the records were made, so a second process has room, whoever reads them."""
    tally = tally_of(run())
    here = json.loads(json.dumps(asdict(analyse(tally, 36, 10.0, SATURATED))))
    assert "LOCUST_PROCESSES=2" in here["verdict"]["suggestion"]
    done = ended([sys.executable, "-c", ELSEWHERE], pin=pin, given=json.dumps(tally.to_dict()))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == here


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    """The .py files alone, as Azure Load Testing has them beside each other."""
    for file in LOCUSTFILES.glob("*.py"):
        shutil.copy(file, tmp_path)
    return tmp_path / "io_bound.py"


@pytest.mark.process
def test_a_flat_copy_explains_a_run(flat: Path, healthy: Server) -> None:
    done = locust(flat, healthy.url, users=6, seconds=2, environ={"PYTHONPATH": ""})
    assert done.verdict == "healthy", done.output
    assert "Verdict: healthy" in done.output


@pytest.mark.process
def test_a_web_ui_without_the_page_has_the_tab(flat: Path, healthy: Server) -> None:
    with web_ui(healthy.url, scenario=flat, PYTHONPATH="") as ui:
        ui.swarm(4)
        rows = wait_for(lambda: ui.requests() > 50 and ui.rows())
        assert "Verdict: healthy" in rows
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetch(ui.url + "/explain")
        assert "explain-link" not in ui.page("/")


@pytest.mark.process
def test_the_page_s_files_may_lie_flat_too(flat: Path, healthy: Server) -> None:
    for file in (LOCUSTFILES / "web").iterdir():
        shutil.copy(file, flat.parent)
    with web_ui(healthy.url, scenario=flat, PYTHONPATH="") as ui:
        assert "explain-link" in ui.page("/")
        assert "uPlot" in ui.page("/explain")
        assert "uPlot" in ui.page("/explain/uPlot-1.6.32.iife.min.js")
