"""What a sweep shows while it runs, on a terminal and without one."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console

from sweep.decide.findings import Findings
from sweep.report.progress import Bar
from tests.sweep import samples


def shown(terminal: bool, folder: Path) -> str:
    results = samples.sweep(folder, [(1, 6), (3, 6)], repeats=1)
    findings = Findings.of(results)
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120)
    with Bar(console) as bar:
        bar.begin("one user, one slot", 0, 6)
        bar.end(None, findings)
        bar.begin("1 × 6, run 1", 2, 6)
        bar.end(results.runs[0], findings)
        bar.end(samples.failed(9, 9, "gunicorn ended with status 3\nand its log"), findings)
        bar.begin("3 × 6, run 2", 4, 6)
        bar.bar.refresh()
    assert isinstance(console.file, io.StringIO)
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", console.file.getvalue())


def test_a_terminal_has_the_setting_the_best_and_the_time_left(tmp_path: Path) -> None:
    text = shown(True, tmp_path / "sweep")
    assert re.search(r"3 × 6, run 2 .* best 3 × 6: 17\d requests/s about 0:\d\d left", text)


def test_each_run_is_a_line_everywhere(tmp_path: Path) -> None:
    for terminal in (True, False):
        text = shown(terminal, tmp_path / str(terminal))
        assert "one user: 100.8 ms in the app" in text
        assert re.search(r" 1 × 6  run 1 +\d+\.\d requests/s  p95 +\d+ ms +42 MB  slots", text)
        assert "9 × 9  run 1  failed: gunicorn ended with status 3" in text
        assert "and its log" not in text
    assert "left" not in text


def test_without_a_terminal_each_line_says_where_the_sweep_is(tmp_path: Path) -> None:
    text = shown(False, tmp_path / "sweep")
    assert "(2 runs so far, some 2 more, about 1 minute)" in text
    assert "so far" not in shown(True, tmp_path / "terminal")
