"""gunicorn's own tests and its corpus of requests, with SlotWorker in the place of its ThreadWorker."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomllib
from gunicorn.workers.gthread import ThreadWorker

from gunicorn_slots import SlotWorker
from tests.bed import ROOT, clean_environ
from tests.bed.programs import ended
from tests.bed.upstream import NoRegistryError, gunicorns_tests
from tests.gunicorn_slots.corpus import answered, cases

pytestmark = pytest.mark.process

HANGS = 4  # seconds until one of gunicorn's own tests has failed
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


def test_its_own_tests(tests: Path) -> None:
    """Those of its worker for threads."""
    files = [str(tests / name) for name in ("test_gthread.py", "test_gthread_keepalive_shutdown.py")]
    plugins = ["-p", "tests.gunicorn_slots.in_its_place", "-p", "no:locust", "-p", "no:cacheprovider"]
    how = ["-q", "-rf", "-c", "/dev/null", "--rootdir", str(tests), "--timeout", str(HANGS)]
    done = ended([sys.executable, "-m", "pytest", *plugins, *how, *files], clean_environ({"PYTHONPATH": str(ROOT)}))
    failed = {name.replace("::", ".") for name in re.findall(r"^FAILED \S+?\.py::(\S+)", done.stdout, re.MULTILINE)}
    passed = re.search(r"^[0-9]+ failed, ([0-9]+) passed", done.stdout, re.MULTILINE)
    assert passed, done.stdout + done.stderr
    assert int(passed[1]) > 65
    named = {f"{group}.{name}" for group, names in DIFFERS["tests"].items() for name in names}
    assert failed == named, done.stdout
