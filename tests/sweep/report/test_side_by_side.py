"""Two sweeps side by side, as the terminal shows them."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from sweep.decide.comparison import Difference, compare
from sweep.decide.findings import Findings
from sweep.decide.sides import of_run, of_sweep
from sweep.folder import Results, ResultsError, create
from sweep.kept import Asked, KeptRun
from sweep.records import PlanSize
from sweep.report.pages import write_comparison
from sweep.report.side_by_side import in_a_line, render
from tests.sweep import samples

SETTINGS = [(1, 1), (1, 18), (1, 36)]


def shown(before: Results, after: Results, width: int = 200) -> str:
    """What the terminal shows."""
    stream = io.StringIO()
    names = str(before.folder), str(after.folder)
    render(
        compare(of_sweep(Findings.of(before)), of_sweep(Findings.of(after))), names, Console(file=stream, width=width)
    )
    return stream.getvalue()


@pytest.fixture
def before(tmp_path: Path) -> Results:
    return samples.sweep(tmp_path / "before", SETTINGS)


def test_what_a_request_asks_is_told_of_both(before: Results, tmp_path: Path) -> None:
    after = samples.sweep(tmp_path / "after", SETTINGS, seed=2, change=lambda workers, threads: {"app_s": 0.0504})
    after.info.unloaded = samples.analysis(1, 1, users=1, app_s=0.0504)
    assert "101 → 50.4 ms in the app" in shown(before, after)


def test_noise_alone_is_the_same(before: Results, tmp_path: Path) -> None:
    text = shown(before, samples.sweep(tmp_path / "after", SETTINGS, seed=3))
    assert "better" not in text
    assert "worse" not in text
    assert text.count(": 1 × 36. 1 × 36 serves") == 2


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("users", 72, "users 36 → 72"), ("scenario", "cpu_bound", "scenario io_bound → cpu_bound")],
)
def test_another_load_is_not_comparable(before: Results, tmp_path: Path, name: str, value: object, told: str) -> None:
    after = samples.sweep(tmp_path / "after", SETTINGS)
    after.info.options = msgspec.structs.replace(after.info.options, **{name: value})
    first = shown(before, after).splitlines()[0]
    assert first == f"Not comparable, as the two sweeps measured different things: {told}"


def test_another_plan_is_not_comparable(before: Results, tmp_path: Path) -> None:
    about = samples.info(plan="B2")
    about.plan = PlanSize("B2", 2, 1024.0)
    first = shown(before, samples.sweep(tmp_path / "after", SETTINGS, about=about)).splitlines()[0]
    assert first.endswith("plan's name B1 → B2, plan's vcpu 1 → 2, plan's memory_mb 512.0 → 1024.0")


@pytest.mark.parametrize(
    ("difference", "line"),
    [
        (Difference("gunicorn", "", "preload_app=true"), "gunicorn — → preload_app=true"),
        (Difference("gunicorn", "27.0.1", "28.0.0"), "gunicorn 27.0.1 → 28.0.0"),
        (Difference("1 × 36", "ok", "failed"), "1 × 36 ok → failed"),
        (Difference("app", "a\nb", "\x1b[31mc"), "app a b → c"),
    ],
    ids=["held fixed", "version", "state", "foreign"],
)
def test_a_difference_is_a_line(difference: Difference, line: str) -> None:
    assert in_a_line(difference) == line


def test_no_common_setting_is_one_line(before: Results, tmp_path: Path) -> None:
    lines = shown(before, samples.sweep(tmp_path / "after", [(4, 4)])).splitlines()
    assert lines[0] == "No setting was measured in both: pass the same --workers and --threads to both sweeps"


def test_sweeps_without_any_run(before: Results, tmp_path: Path) -> None:
    after = create(tmp_path / "[bold]after[/bold]", samples.info(probe=False))
    text = shown(before, after)
    assert Findings.of(after).prediction is None
    assert "101 → — ms in the app" in text
    assert "[bold]after[/bold]: no recommendation" in text


def test_eighty_columns_hold_the_table(before: Results, tmp_path: Path) -> None:
    text = shown(before, samples.sweep(tmp_path / "after", SETTINGS), width=80)
    assert "…" not in text
    assert "memory, MB" in text


def test_as_a_page(before: Results, tmp_path: Path) -> None:
    """Names, and what a run says, are text; what somebody else has written stays."""
    analysis = samples.analysis(1, 36)
    hostile = replace(analysis, verdict=replace(analysis.verdict, text=samples.HOSTILE))
    sides = of_sweep(Findings.of(before)), of_run(KeptRun(hostile, Asked(scenario="io_bound")))
    page = tmp_path / "compared.html"
    for _ in range(2):
        write_comparison(page, compare(*sides), ("<b>before</b>", "after"))
    text = page.read_text()
    assert "<script" not in text
    assert "<b>before</b>" not in text
    assert "Same: the intervals of the two overlap" in text
    (other := tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ResultsError, match="holds something else"):
        write_comparison(other, compare(*sides), ("a", "b"))
    assert other.read_text() == "mine"
