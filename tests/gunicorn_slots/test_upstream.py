"""gunicorn's own tests and its corpus of requests, with SlotWorker in the place of its ThreadWorker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import tomllib
from gunicorn.workers.gthread import ThreadWorker

from gunicorn_slots import SlotWorker
from tests.bed.upstream import NoRegistryError, gunicorns_tests
from tests.gunicorn_slots.corpus import answered, cases

pytestmark = pytest.mark.process

DIFFERS = tomllib.loads(Path(__file__).with_name("differs.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tests() -> Iterator[Path]:
    try:
        yield gunicorns_tests()
    except NoRegistryError as error:
        pytest.skip(f"gunicorn's source distribution cannot be downloaded: {error}")


def test_the_corpus(tests: Path) -> None:
    """Each request whole, in halves and byte by byte: the same answers, and the app gets the same."""
    differing, number = set(), 0
    for case in cases(tests):
        number += 1
        for size in (1 << 20, max(1, (len(case.data) + 1) // 2), 1):
            theirs, ours = answered(ThreadWorker, case, size), answered(SlotWorker, case, size)
            assert all(status < 500 for status in ours.statuses), case.name
            if ours != theirs:
                differing.add(case.name)
    assert number > 140
    assert differing == set(DIFFERS["corpus"])
