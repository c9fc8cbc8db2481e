"""What an earlier kept run of the same load says of a run on another setting."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from explain_types import Before, Spread
from tests.locustfiles.kept import keep, seen, told, words


def test_what_makes_no_difference_is_said(tmp_path: Path) -> None:
    """Whoever followed the advice learns that it was of no use."""
    folder = keep(tmp_path, seen(3, 6))
    was, now = seen(3, 6), seen(3, 12, seed=2)
    assert words(tmp_path, now) == (
        f"Before, at 3 × 6 ({folder}): {was.load.rps:.0f} requests/s, p95 {was.response_ms.p95:.3g} ms. At 3 × 12 it "
        f"is {now.load.rps:.0f}, {now.response_ms.p95:.3g} ms: no difference beyond chance, so 3 × 6 does as well for "
        "this load."
    )
    found = told(tmp_path, now)
    assert found == Before(
        run=folder.name,
        setting="3 × 6",
        now="3 × 12",
        rps=was.load.rps,
        p95_ms=was.response_ms.p95 or 0.0,
        rps_change="same",
        p95_change="same",
        does_as_well=True,
        text=found.text if found else "",
    )


@pytest.mark.parametrize(
    ("then", "now", "end"),
    [
        (100.0, 50.0, "3 × 12 is better."),
        (50.0, 100.0, "3 × 12 is worse."),
    ],
    ids=["better", "worse"],
)
def test_what_is_better_or_worse_is_said(then: float, now: float, end: str, tmp_path: Path) -> None:
    keep(tmp_path, seen(3, 6, mean_ms=then))
    text = words(tmp_path, seen(3, 12, seed=2, mean_ms=now))
    assert text.endswith(f" ms: {end}")
    assert "as well" not in text


@pytest.mark.parametrize(
    ("rps", "p95", "end"),
    [
        (1.5, 1.5, "3 × 12 is better in requests/s, worse in p95."),
        (0.5, 0.5, "3 × 12 is better in p95, worse in requests/s."),
        (1.5, 1.0, "3 × 12 is better in requests/s."),
        (1.0, 1.5, "3 × 12 is worse in p95."),
        (1.0, 1.0, "no difference beyond chance, so 3 × 6 does as well for this load."),
    ],
)
def test_the_two_figures_are_judged_apart(rps: float, p95: float, end: str, tmp_path: Path) -> None:
    was = seen(3, 6)
    keep(tmp_path, was)
    spread, middle = was.spread, was.response_ms.p95
    assert spread.rps_low and spread.rps_high and spread.p95_low_ms and spread.p95_high_ms and middle  # noqa: PT018
    now = replace(
        seen(3, 12),
        load=replace(was.load, rps=was.load.rps * rps),
        response_ms=replace(was.response_ms, p95=middle * p95),
        spread=Spread(spread.rps_low * rps, spread.rps_high * rps, spread.p95_low_ms * p95, spread.p95_high_ms * p95),
    )
    assert words(tmp_path, now).endswith(f" ms: {end}")


def test_the_rule_is_that_of_check_against(tmp_path: Path) -> None:
    """A tolerance on top of chance; what --check-tolerance says where it says something."""
    keep(tmp_path, seen(3, 6))
    now = seen(3, 12, seed=2, mean_ms=56.0)
    for tolerance, change in ((None, "same"), ("", "same"), ("much", "same"), (0.0, "worse"), ("0", "worse")):
        found = told(tmp_path, now, tolerance)
        assert found
        assert found.rps_change == change, tolerance


@pytest.mark.parametrize("setting", [(3, 4), (2, 9), (1, 18)], ids=["fewer slots", "fewer workers", "one worker"])
def test_what_is_no_larger_does_not_make_the_earlier_one_enough(setting: tuple[int, int], tmp_path: Path) -> None:
    keep(tmp_path, seen(3, 6))
    assert words(tmp_path, seen(*setting, seed=2)).endswith(" ms: no difference beyond chance.")


def test_more_workers_of_as_many_slots_are_more(tmp_path: Path) -> None:
    keep(tmp_path, seen(1, 18))
    end = "chance, so 1 × 18 does as well for this load, but a crash or a restart of its one worker stops all."
    assert words(tmp_path, seen(3, 6, seed=2)).endswith(end)


def test_one_worker_with_fewer_threads_is_no_news(tmp_path: Path) -> None:
    keep(tmp_path, seen(1, 6))
    assert words(tmp_path, seen(1, 12, seed=2)).endswith("chance, so 1 × 6 does as well for this load.")


def test_another_worker_class_is_named(tmp_path: Path) -> None:
    keep(tmp_path, seen(3, 6, worker_class="gthread\n<b>" + "x" * 99))
    text = words(tmp_path, seen(3, 6, seed=2))
    assert text.startswith("Before, at 3 × 6 (gthread-b-xxx")
    assert "At 3 × 6 (SlotWorker) it is" in text
    assert text.endswith("no difference beyond chance.")
    assert len(text) < 400


def test_what_is_not_known_well_is_not_enough(tmp_path: Path) -> None:
    """Runs that could not have shown a difference show no sameness."""
    was = seen(3, 6)
    wide = replace(was.spread, rps_low=was.load.rps * 0.6, rps_high=was.load.rps * 1.4)
    keep(tmp_path, replace(was, spread=wide))
    assert words(tmp_path, seen(3, 12, seed=2)).endswith(" ms: no difference beyond chance.")


@pytest.mark.parametrize("ends", [("rps_low", "rps_high"), ("p95_low_ms", "p95_high_ms")], ids=["rate", "p95"])
def test_without_a_spread_there_are_the_figures_alone(ends: tuple[str, str], tmp_path: Path) -> None:
    was, now = seen(3, 6, mean_ms=200.0), seen(3, 12, seed=2)
    folder = keep(tmp_path, replace(was, spread=replace(was.spread, **dict.fromkeys(ends))))
    assert words(tmp_path, now) == (
        f"Before, at 3 × 6 ({folder}): {was.load.rps:.3g} requests/s, p95 {was.response_ms.p95:.0f} ms. At 3 × 12 it "
        f"is {now.load.rps:.0f}, {now.response_ms.p95:.3g} ms."
    )
    found = told(tmp_path, now)
    assert found
    assert (found.rps_change, found.p95_change, found.does_as_well) == (None, None, False)


def test_one_from_before_there_were_spreads_has_figures(tmp_path: Path) -> None:
    found = asdict(seen(3, 6))
    del found["spread"], found["before"]
    keep(tmp_path, found)
    assert words(tmp_path, seen(3, 12, seed=2)).endswith(" ms.")
