"""Sweeps made by hand, that several tests look at, and real ones that leave nothing behind."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psutil
import pytest

from sweep.folder import Results
from sweep.records import Skipped
from tests.sweep import samples
from tests.sweep.marked import Marked


@pytest.fixture(scope="session")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """32 settings, three runs each."""
    return samples.sweep(tmp_path_factory.mktemp("sweeps") / "grid")


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Stopped, with every state there is, a limit on the p95, and hostile texts wherever text comes from outside."""
    about = samples.info(
        max_p95=150.0, app="shop:<b>app</b>", gunicorn={"preload_app": "true"}, scenario="a|<i>b</i>.py"
    )
    about.environment["<u>CPU</u>"] = samples.HOSTILE
    about.command = f"python -m sweep --app '{samples.HOSTILE}'"
    settings = [(1, 1), (1, 6), (3, 6), (1, 36), (2, 18), (9, 4)]
    results = samples.sweep(
        tmp_path_factory.mktemp("sweeps") / "mixed",
        settings,
        about=about,
        change=lambda workers, threads: {"memory_mb": 470.0} if workers == 9 else {},
    )
    results.append(samples.failed(5, 36, samples.HOSTILE))
    results.append(samples.failed(3, 36, "Locust was the limit, twice", void=True))
    results.info.skipped = [
        Skipped(2, 1, "at most 19.8 requests/s"),
        Skipped(4, 1, samples.HOSTILE),
    ]
    results.info.finished, results.info.stopped = False, "Ctrl-C"
    results.save_info()
    return results


@pytest.fixture
def marked() -> Iterator[Marked]:
    marked = Marked()
    yield marked
    for process in marked.present():
        with contextlib.suppress(psutil.Error):
            process.kill()
