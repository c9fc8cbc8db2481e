"""Two sweeps side by side: what changed, and what is only noise."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep.decide.cells import Interval
from sweep.decide.comparison import Change, Comparison, Difference
from sweep.decide.comparison import compare as compare_sides
from sweep.decide.findings import Findings
from sweep.decide.sides import of_sweep
from tests.sweep import samples

SETTINGS = [(1, 1), (1, 18), (1, 36)]


def compare(before: Findings, after: Findings) -> Comparison:
    return compare_sides(of_sweep(before), of_sweep(after))


@pytest.fixture
def before(tmp_path: Path) -> Findings:
    return Findings.of(samples.sweep(tmp_path / "before", SETTINGS))


def test_a_faster_app_is_told_from_noise(before: Findings, tmp_path: Path) -> None:
    after = samples.sweep(
        tmp_path / "after", SETTINGS, seed=2, change=lambda workers, threads: {"app_s": 0.0504, "cpu_s": samples.CPU_S}
    )
    after.info.unloaded = samples.analysis(1, 1, users=1, app_s=0.0504)
    comparison = compare(before, Findings.of(after))
    assert [row.setting for row in comparison.rows] == SETTINGS
    for row in comparison.rows:
        assert (row.rps.word, row.p95_ms.word, row.cpu_ms.word, row.memory_mb.word) == (
            "better",
            "better",
            "same",
            "same",
        )
        assert row.rps.share == pytest.approx(1.0, abs=0.05)
    assert (comparison.before.app_s, comparison.after.app_s) == (samples.APP_S, 0.0504)
    assert not comparison.decisive
    assert not comparison.others


def test_noise_alone_is_the_same(before: Findings, tmp_path: Path) -> None:
    comparison = compare(before, Findings.of(samples.sweep(tmp_path / "after", SETTINGS, seed=3)))
    assert {row.rps.word for row in comparison.rows} == {"same"}


def test_the_noise_of_cpu_and_memory_is_the_same_too(tmp_path: Path) -> None:
    def one_run(name: str, **change: float) -> Findings:
        sweep = samples.sweep(tmp_path / name, [(1, 36)], repeats=1, change=lambda workers, threads: change)
        return Findings.of(sweep)

    one, two = one_run("one"), one_run("two", cpu_s=0.00086, memory_mb=43.0)
    three = one_run("three", cpu_s=0.001, memory_mb=45.0)
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


def test_other_differences_are_named(before: Findings, tmp_path: Path) -> None:
    about = samples.info(gunicorn={"preload_app": "true"}, seed=5)
    about.environment["gunicorn"] = "28.0.0"
    comparison = compare(before, Findings.of(samples.sweep(tmp_path / "after", SETTINGS, about=about)))
    assert comparison.others == (
        Difference("gunicorn", "", "preload_app=true"),
        Difference("gunicorn", "27.0.1", "28.0.0"),
    )
    assert not comparison.decisive


def test_bare_gunicorn_is_told_from_exact_slots(before: Findings, tmp_path: Path) -> None:
    bare = samples.sweep(
        tmp_path / "bare",
        SETTINGS,
        about=samples.info(gunicorn={"worker_class": "gthread"}),
        change=lambda workers, threads: {"worker_class": "gthread"},
    )
    comparison = compare(Findings.of(bare), before)
    assert comparison.others == (
        Difference("gunicorn", "worker_class=gthread", ""),
        Difference("worker class", "gthread", "SlotWorker"),
    )
    assert not comparison.decisive


def test_a_setting_that_fails_now_is_named(before: Findings, tmp_path: Path) -> None:
    after = samples.sweep(tmp_path / "after", SETTINGS[:2])
    after.append(samples.failed(1, 36, "killed for memory"))
    comparison = compare(before, Findings.of(after))
    assert comparison.states == (Difference("1 × 36", "ok", "failed"),)
    assert len(comparison.rows) == 2
