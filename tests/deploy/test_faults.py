"""One instance of two is taken away under load; `make front-end` does more, and does it to bare gunicorn too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bed.compose import clone
from tests.deploy.faults import under_load
from tests.deploy.front_end import front_end
from tests.resilience.rows import STACK

pytestmark = pytest.mark.container


def test_the_other_instance_goes_on_when_one_is_stopped(tmp_path: Path) -> None:
    """What the stopped one had got, or gets until it refuses connections, may be lost: two requests of each user."""
    with front_end(clone(tmp_path)) as running:
        running.up("front-end")
        cost = under_load(running, "stop", STACK, 3)
    assert cost.sent > 500
    assert cost.lost <= 2 * 36, cost.outcomes
    assert cost.longest_s < 5
