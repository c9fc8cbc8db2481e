"""The plans' table, and the env files written from it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import plans
from plans.__main__ import main


def test_env_files_are_those_of_the_table() -> None:
    written = {path.stem: path.read_text() for path in plans.FOLDER.glob("*.env")}
    assert written == {name: plan.env() for name, plan in plans.load().items()}


def test_every_plan_leaves_the_app_some_memory() -> None:
    for plan in plans.load().values():
        assert 256 <= plan.app_memory_mb < plan.memory_gb * 1024


def test_b1_is_the_compose_files_default() -> None:
    text = (Path(plans.FOLDER).parent / "docker-compose.yml").read_text()
    b1 = plans.load()["B1"]
    assert f"${{APP_CPUSET:-{b1.cpuset}}}" in text
    assert f"${{APP_MEMORY:-{b1.app_memory_mb}m}}" in text
    assert f"${{SWEEP_PLAN:-{b1.name}}}" in text


@pytest.mark.parametrize(
    ("argv", "status", "line"),
    [
        (["check", "B1"], 0, ""),
        (["check", "P3v3"], 1, "PLAN=P3v3: has 8 vCPU: expected no more than this machine's 2\n"),
        (["check", "X9"], 1, "PLAN=X9: expected one of B1, B2, "),
        (["chekc", "B1"], 2, "arguments=chekc B1: expected nothing, or check PLAN\n"),
    ],
)
def test_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], argv: list[str], status: int, line: str
) -> None:
    monkeypatch.setattr(plans, "engine_cpus", lambda: None)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert main(argv) == status
    assert capsys.readouterr().err.startswith(line)
