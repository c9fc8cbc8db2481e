"""What keeps the house easy to read: short files, no import circle, and tests where one looks for them."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

import pytest
from radon.metrics import mi_rank, mi_visit

from tests.bed import ROOT

FOLDERS = ("app", "bench", "deploy", "gunicorn_slots", "locustfiles", "plans", "sweep")
FILES = [ROOT / "gunicorn.conf.py", *(path for name in (*FOLDERS, "tests") for path in (ROOT / name).rglob("*.py"))]
SOURCES = {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in sorted(FILES)}


def most_lines(path: Path) -> int:
    """What is copied into other projects is read there, too."""
    return {"gunicorn.conf.py": 110, "gunicorn_slots": 200}.get(path.parts[0], 300)


def test_files_are_short() -> None:
    lines = {path: text.count("\n") for path, text in SOURCES.items()}
    assert {str(path): number for path, number in lines.items() if number > most_lines(path)} == {}


def test_every_file_can_be_maintained() -> None:
    """radon's index, which falls with length, branches and operators: A is 20 and more."""
    indices = {str(path): mi_visit(text, multi=True) for path, text in SOURCES.items()}
    assert {name: index for name, index in indices.items() if mi_rank(index) != "A"} == {}


def module(path: Path) -> str:
    """The name by which a file is imported; locustfiles import each other flat."""
    parts = path.with_suffix("").parts
    return ".".join(parts[1:] if parts[0] == "locustfiles" else parts).removesuffix(".__init__")


def imports(tree: ast.Module, known: set[str]) -> set[str]:
    """The modules of this repository that a file names in its imports."""
    named: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            named |= inner & known or {node.module}
    return named & known


def test_there_is_no_import_circle() -> None:
    modules = {module(path): ast.parse(text) for path, text in SOURCES.items()}
    graph = {name: imports(tree, set(modules)) - {name} for name, tree in modules.items()}
    assert sum(map(len, graph.values())) > len(graph)  # else nothing was found
    graphlib.TopologicalSorter(graph).prepare()


PACKAGES = ["locustfiles", *(path.parent.as_posix() for path in SOURCES if path.name == "__init__.py")]


@pytest.mark.parametrize("package", [name for name in PACKAGES if not name.startswith("tests")])
def test_every_package_has_its_tests(package: str) -> None:
    assert list((ROOT / "tests" / package).glob("test_*.py"))
