"""What the tests of single parts of the worker share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gunicorn_slots.at_rest import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A worker at rest, closed after the test."""
    made = Bench()
    yield made
    made.close()
