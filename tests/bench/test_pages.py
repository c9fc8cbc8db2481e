"""That docs/ says what the figures say: a page is written by a program, and changes with it."""

from __future__ import annotations

import json
from typing import Any

import bench
from bench import mutants, projects, reliability, report, sweeps_page
from bench.peers import page as peers_page
from tests.resilience.rows import Row


def figures(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((bench.FIGURES / f"{name}.json").read_text(encoding="utf-8"))
    return found


def page(name: str) -> str:
    return (bench.DOCS / f"{name}.md").read_text(encoding="utf-8")


def test_benchmarks() -> None:
    assert report.render(figures("benchmarks")) == page("benchmarks")


def test_peers() -> None:
    assert peers_page.render(figures("benchmarks")["peers"]) == page("peers")


def test_sweeps() -> None:
    assert sweeps_page.render(figures("sweeps")) == page("sweeps")


def test_reliability() -> None:
    found = figures("reliability")
    assert reliability.render([Row(**row) for row in found["rows"]], found["measured"]) in page("reliability")
    assert mutants.render(found["mutants"]) in page("reliability")


def test_projects() -> None:
    found = figures("projects")
    assert projects.render([projects.Row(**row) for row in found["rows"]], found["measured"]) in page("own-app")
    assert {row["project"] for row in found["rows"]} <= set(projects.PROJECTS)
