"""The data flows one way: measure, decide, report. Each module knows only those before it."""

from __future__ import annotations

import ast
import graphlib
import re
from pathlib import Path

import pytest

import sweep

HERE = Path(sweep.__file__).parent
BASE = {"sweep", "sweep.errors", "sweep.options", "sweep.records", "sweep.folder", "sweep.kept"}
# What else a wing may import of the sweep, besides itself.
WINGS = {
    "sweep.measure": BASE - {"sweep.folder", "sweep.kept"},
    "sweep.decide": BASE,
    "sweep.report": BASE | {"sweep.decide"},
}


def name_of(path: Path) -> str:
    """A file's name as a module."""
    return ".".join(path.relative_to(HERE.parent).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in HERE.rglob("*.py")}


def imported(path: Path) -> set[str]:
    """The sweep's own modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            parts = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= parts & MODULES.keys() or {node.module}
    return names & MODULES.keys()


def wing_of(name: str) -> str:
    """The wing that a module is in; itself where it is in none."""
    return next((wing for wing in WINGS if name.startswith(f"{wing}.")), name)


@pytest.mark.parametrize("name", sorted(name for name in MODULES if wing_of(name) in WINGS))
def test_a_wing_knows_only_those_before_it(name: str) -> None:
    wing = wing_of(name)
    assert {wing_of(other) for other in imported(MODULES[name])} <= WINGS[wing] | {wing}


def test_there_is_no_circle() -> None:
    graph = {name: imported(path) - {"sweep"} for name, path in MODULES.items()}
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) == len(MODULES)


def test_the_diagram_names_every_module() -> None:
    named = set(re.findall(r"\w+", sweep.__doc__ or ""))
    assert {name.rpartition(".")[2] for name in MODULES} - {"__main__"} <= named
