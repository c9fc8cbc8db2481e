"""What is counted as the load's."""

from __future__ import annotations

import os

import pytest

from sweep.measure.observer import Observer, Sample


def test_what_the_import_of_an_app_took_is_no_cost_of_its_requests() -> None:
    observer = Observer(os.getpid(), [])
    # Two seconds of import on a whole core, then a load that takes a quarter of one.
    observer.cpu = [Sample(0.2 * number, 0.2 * number, 0.0) for number in range(11)]
    assert observer.usage(2.0).tree == pytest.approx(1.0)
    observer.load_begins()
    observer.cpu += [Sample(2.2 + 0.2 * number, 2.0 + 0.05 * number, 0.0) for number in range(21)]
    assert observer.usage(2.0).tree == pytest.approx(0.25)
