"""Which process gets which test, with processes of its own."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.bed import ROOT, clean_environ
from tests.bed.programs import ended

CONFTEST = """
from tests.conftest import (
    pytest_collection_finish, pytest_collection_modifyitems, pytest_configure, pytest_xdist_make_scheduler
)
"""
TESTS = """
import pytest

@pytest.mark.alone
@pytest.mark.parametrize("number", range(4))
def test_alone(number): pass

@pytest.mark.parametrize("number", range(20))
def test_unit(number): pass

@pytest.mark.browser
@pytest.mark.parametrize("number", range(4))
def test_browser(number): pass

@pytest.mark.load
@pytest.mark.parametrize("number", range(4))
def test_load(number): pass
"""


@pytest.mark.process
def test_what_belongs_together_is_run_by_one_process(tmp_path: Path) -> None:
    """And what needs the machine for itself comes last."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_kinds.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-n", "3", "--dist", "loadgroup", "--no-loadscope-reorder", "-v"]
    environ = clean_environ({"PYTHONPATH": str(ROOT), "PYTEST_XDIST_TESTRUNUID": ""})
    done = ended([*command, "-p", "no:cacheprovider", "-p", "no:locust"], environ, cwd=tmp_path, seconds=120)
    assert done.returncode == 0, done.stdout + done.stderr
    ran = re.findall(r"^\[(gw\d)\].* PASSED test_kinds.py::test_(\w+)", done.stdout, re.MULTILINE)
    assert len(ran) == 32
    for kind in ("load", "browser", "alone"):
        assert len({process for process, name in ran if name == kind}) == 1, ran
    assert "alone" not in {name for _, name in ran[:20]}
    assert len({process for process, _ in ran}) == 3
