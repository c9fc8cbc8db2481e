"""The whole way: the sweep decides by itself, and what it says to paste does in the compose stack what it measured."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from explain_laws import Setting
from sweep import cli
from sweep.decide.findings import Findings
from sweep.folder import load
from tests.bed.compose import Stack


@pytest.mark.alone
@pytest.mark.container
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs a core for the app and one for Locust")
def test_the_recommended_command_reproduces_the_throughput(stack: Stack, tmp_path: Path) -> None:
    stack.compose("stop", "app", "locust")  # the sweep takes the same cores
    folder = tmp_path / "sweep"
    assert cli.main(["--seconds", "3", "--repeats", "1", "--seed", "7", "--out", str(folder)]) == 0
    kept = json.loads((folder / "recommendation.json").read_text())
    measured = {cell.setting: cell for cell in Findings.of(load(folder)).cells if cell.rps}
    best = measured[Setting(kept["workers"], kept["threads"])].rps
    assert best
    # 36 users who wait 100 ms each can make 360 requests/s, and need a slot each for it.
    assert best.mean > 0.93 * 360
    assert kept["workers"] * kept["threads"] >= 36
    assert len(measured) < 32 / 3
    assert load(folder).info.check is None  # users who do not think check nothing

    environ = {"STARTUP_COMMAND": kept["startup_command"], "GENERATOR_CPUSET": "1"}
    stack.up("app", environ=environ)
    rates = []
    for _ in range(3):  # a window can be disturbed
        rates.append(stack.load(36, 6, environ=environ).rps)
        if rates[-1] == pytest.approx(best.mean, rel=0.05):
            return
    pytest.fail(f"recommended at {best.mean:.0f} requests/s, and the stack served {rates}")
