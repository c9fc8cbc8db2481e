"""A few of the cases, each in seconds; `make truth` runs all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.truth.campaign import case, complaints
from tests.truth.known import KNOWN
from tests.truth.services import missing

# One that slots cure, one that only workers help, one where more is too much.
MEASURED = ["waits-one-slot", "lock-of-threads", "ten-connections"]
UNKNOWN = "header-taken-off"  # nobody can know, whatever the figures are
FEW = [
    *(pytest.param(name, marks=pytest.mark.alone) for name in MEASURED),
    pytest.param(UNKNOWN, marks=pytest.mark.load),
]


@pytest.mark.parametrize("name", FEW)
def test_the_verdict_is_right_and_following_it_does_no_harm(name: str) -> None:
    known = replace(KNOWN[name], seconds=4)
    if packages := missing(known.services, known.front):
        pytest.skip(f"{' and '.join(packages)} not installed")
    found = case(known)
    assert complaints(known, found) == [], found
