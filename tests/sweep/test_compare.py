"""Two sweeps side by side."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from sweep.compare import Change, Comparison, compare, render
from sweep.results import Results, create
from sweep.summary import Interval
from tests.sweep import samples

SETTINGS = [(1, 1), (1, 18), (1, 36)]


def shown(comparison: Comparison, width: int = 200) -> str:
    """What the terminal shows."""
    stream = io.StringIO()
    render(comparison, Console(file=stream, width=width))
    return stream.getvalue()


@pytest.fixture
def before(tmp_path: Path) -> Results:
    return samples.sweep(tmp_path / "before", SETTINGS)


def test_a_faster_app_is_told_from_noise(before: Results, tmp_path: Path) -> None:
    after = samples.sweep(
        tmp_path / "after", SETTINGS, seed=2, change=lambda workers, threads: {"app_s": 0.0504, "cpu_s": samples.CPU_S}
    )
    after.info.unloaded = samples.analysis(1, 1, users=1, app_s=0.0504)
    comparison = compare(before, after)
    assert [row.setting for row in comparison.rows] == SETTINGS
    for row in comparison.rows:
        assert (row.rps.word, row.p95_ms.word, row.cpu_ms.word, row.memory_mb.word) == (
            "better",
            "better",
            "same",
            "same",
        )
        assert row.rps.share == pytest.approx(1.0, abs=0.05)
    old, new = comparison.demands
    assert old
    assert new
    assert (old.app_s, new.app_s) == (samples.APP_S, 0.0504)
    assert "101 → 50.4 ms in the app" in shown(comparison)
    assert not comparison.decisive
    assert not comparison.others


def test_noise_alone_is_the_same(before: Results, tmp_path: Path) -> None:
    comparison = compare(before, samples.sweep(tmp_path / "after", SETTINGS, seed=3))
    assert {row.rps.word for row in comparison.rows} == {"same"}
    text = shown(comparison)
    assert "better" not in text
    assert "worse" not in text
    assert text.count(": 1 × 36. 1 × 36 serves") == 2


def test_the_noise_of_cpu_and_memory_is_the_same_too(tmp_path: Path) -> None:
    one = samples.sweep(tmp_path / "one", [(1, 36)], repeats=1)
    two = samples.sweep(
        tmp_path / "two", [(1, 36)], repeats=1, change=lambda workers, threads: {"cpu_s": 0.00086, "memory_mb": 43.0}
    )
    three = samples.sweep(
        tmp_path / "three", [(1, 36)], repeats=1, change=lambda workers, threads: {"cpu_s": 0.001, "memory_mb": 45.0}
    )
    ((near,), (far,)) = compare(one, two).rows, compare(one, three).rows
    assert (near.cpu_ms.word, near.memory_mb.word) == ("same", "same")
    assert (far.cpu_ms.word, far.memory_mb.word) == ("worse", "worse")


@pytest.mark.parametrize(
    ("before", "after", "more_is_better", "word"),
    [
        (Interval(100, 99, 101), Interval(103, 102, 104), True, "better"),
        (Interval(100, 99, 101), Interval(103, 102, 104), False, "worse"),
        (Interval(100, 99, 101), Interval(97, 96, 98), True, "worse"),
        (Interval(100, 99, 101), Interval(102, 101, 103), True, "same"),
        (None, Interval(102, 101, 103), True, ""),
    ],
    ids=["more throughput", "more time", "less throughput", "overlap", "missing"],
)
def test_words(before: Interval | None, after: Interval, more_is_better: bool, word: str) -> None:
    assert Change(before, after, more_is_better).word == word


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("users", 72, "users 36 → 72"), ("scenario", "cpu_bound", "scenario io_bound → cpu_bound")],
)
def test_another_load_is_not_comparable(before: Results, tmp_path: Path, name: str, value: object, told: str) -> None:
    after = samples.sweep(tmp_path / "after", SETTINGS)
    after.info.options[name] = value
    first = shown(compare(before, after)).splitlines()[0]
    assert first == f"Not comparable, as the two sweeps measured different things: {told}"


def test_another_plan_is_not_comparable(before: Results, tmp_path: Path) -> None:
    about = samples.info(plan="B2")
    about.plan = {"name": "B2", "vcpu": 2, "memory_mb": 1024.0}
    first = shown(compare(before, samples.sweep(tmp_path / "after", SETTINGS, about=about))).splitlines()[0]
    assert first.endswith("plan's name B1 → B2, plan's vcpu 1 → 2, plan's memory_mb 512.0 → 1024.0")


def test_other_differences_are_named(before: Results, tmp_path: Path) -> None:
    about = samples.info(gunicorn={"preload_app": "true"}, seed=5)
    about.environment["gunicorn"] = "28.0.0"
    comparison = compare(before, samples.sweep(tmp_path / "after", SETTINGS, about=about))
    assert [str(one) for one in comparison.others] == ["gunicorn — → preload_app=true", "gunicorn 27.0.1 → 28.0.0"]
    assert not comparison.decisive


def test_no_common_setting_is_one_line(before: Results, tmp_path: Path) -> None:
    lines = shown(compare(before, samples.sweep(tmp_path / "after", [(4, 4)]))).splitlines()
    assert lines[0] == "No setting was measured in both: pass the same --workers and --threads to both sweeps"


def test_a_setting_that_fails_now_is_named(before: Results, tmp_path: Path) -> None:
    after = samples.sweep(tmp_path / "after", SETTINGS[:2])
    after.append(samples.failed(1, 36, "killed for memory"))
    comparison = compare(before, after)
    assert [str(one) for one in comparison.states] == ["1 × 36 ok → failed"]
    assert len(comparison.rows) == 2


def test_sweeps_without_any_run(before: Results, tmp_path: Path) -> None:
    comparison = compare(before, create(tmp_path / "[bold]after[/bold]", samples.info(probe=False)))
    text = shown(comparison)
    assert comparison.demands[1] is None
    assert "101 → — ms in the app" in text
    assert "[bold]after[/bold]: no recommendation" in text


def test_eighty_columns_hold_the_table(before: Results, tmp_path: Path) -> None:
    text = shown(compare(before, samples.sweep(tmp_path / "after", SETTINGS)), width=80)
    assert "…" not in text
    assert "memory, MB" in text
