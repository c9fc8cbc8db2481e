"""How the report writes its figures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.sweep import samples
from tests.sweep.report.looks import markdown_of, page_of


@pytest.mark.parametrize(
    "change",
    [{"app_s": 0.004, "cpu_s": 0.0001}, {"app_s": 2.5}, {"app_s": 2.5, "think_s": 1500.0}],
    ids=["thousands a second", "seconds", "long pauses"],
)
def test_figures_of_four_digits_are_written_out(change: dict[str, Any], tmp_path: Path) -> None:
    about = samples.info(instances=3)
    about.unloaded = samples.analysis(1, 1, users=1, **change)
    results = samples.sweep(tmp_path, [(1, 1), (2, 18), (3, 6)], about=about, change=lambda *_: change)
    assert re.findall(r"[\d.]+e[+-]\d+", page_of(results.folder).words) == []
    assert re.findall(r"[\d.]+e[+-]\d+", markdown_of(results.folder)) == []
