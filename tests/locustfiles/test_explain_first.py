"""Whether a test's first requests took longer one after the other."""

from __future__ import annotations

import random

import pytest

from explain_first import rising
from explain_route_figures import RISING


@pytest.mark.parametrize(
    ("times", "share"),
    [
        ([20.0 * number for number in range(1, 13)], 1.0),
        ([100.0] * 12, 0.0),
        ([100.0, 104.0, 99.0, 101.0], 0.0),
        ([3.0, 2.0, 1.0], -1.0),
        ([], 0.0),
    ],
)
def test_rising(times: list[float], share: float) -> None:
    assert rising(times) == pytest.approx(share, abs=0.05)


def test_chance_hardly_ever_looks_like_that() -> None:
    chance = random.Random(7)
    found = sum(rising([chance.expovariate(1.0) for _ in range(12)]) >= RISING for _ in range(2000))
    assert found < 0.01 * 2000


def test_places_that_are_taken_one_after_the_other_do() -> None:
    assert rising([60.0 * (1 + number // 4) for number in range(12)]) >= RISING
