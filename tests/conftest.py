"""What all tests share: this stack's configuration as a module, what this machine can run, what a test may start."""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser
from xdist.remote import Producer

from tests.bed import ROOT, clean_environ
from tests.bed.browser import NAMES, browser_path, chromium
from tests.bed.compose import Stack, clone
from tests.bed.programs import ended
from tests.bed.turns import RUN, ByGroup, group_of, ordered, tell_groups, turn

CONF = ROOT / "gunicorn.conf.py"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fail-on-skip", action="store_true", help="a skipped test fails the run, as in CI")


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # As a shell's background job. Programs that the tests start would inherit it, and not hear their Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "process: starts a program; all others are unit tests, and cannot")
    config.addinivalue_line("markers", "alone: measures, so that nothing else may run meanwhile")
    config.addinivalue_line("markers", "load: runs Locust on the load's core, so one after another, beside others")
    config.addinivalue_line("markers", "container: needs Docker with Compose v2")
    config.addinivalue_line("markers", "browser: needs Chromium")
    sys.addaudithook(forbid_programs)


@functools.cache
def missing(what: str) -> str | None:
    """Why this machine cannot run a kind of test, None if it can."""
    if what == "browser":
        return None if browser_path() else f"none of {', '.join(NAMES)} is on PATH"
    if not shutil.which("docker"):
        return "docker is not on PATH"
    for command in (["docker", "info"], ["docker", "compose", "version"]):
        done = ended(command)
        if done.returncode:
            return f"`{' '.join(command)}` fails: {done.stderr.strip().splitlines()[-1]}"
    return None


@pytest.hookimpl(tryfirst=True)  # before pytest itself looks at the markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.get_closest_marker(marker) for marker in ("alone", "load", "container", "browser")):
            item.add_marker(pytest.mark.process)
    if RUN:
        items[:] = ordered(items)


@pytest.hookimpl(tryfirst=True)  # before this process says that it has collected
def pytest_collection_finish(session: pytest.Session) -> None:
    if getattr(session.config.option, "loadgroup", False):  # as pytest-xdist tells its processes
        tell_groups(session.items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByGroup | None:
    return ByGroup(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in ("container", "browser"):
        if item.get_closest_marker(marker) and (reason := missing(marker)):
            pytest.skip(reason)


# --- a unit test starts nothing ---------------------------------------------------------------------

STARTS = ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system")
unit_tests: list[str] = []  # the one that runs


def forbid_programs(event: str, _: tuple[Any, ...]) -> None:
    """An audit hook, which stays for good. `make check` is fast because nobody can forget the marker."""
    if unit_tests and event in STARTS:
        raise RuntimeError(f"{unit_tests[0]} starts a program ({event}): mark it `process`")


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before a test's time runs
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    with turn(group_of(item)):
        if not item.get_closest_marker("process"):
            unit_tests.append(item.nodeid)
        try:
            return (yield)
        finally:
            unit_tests.clear()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """The last test of a module or a process ends what others have begun, too."""
    unit_tests.clear()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and session.config.getoption("--fail-on-skip"):
        reporter.write_line(f"--fail-on-skip: {len(skipped)} skipped, expected none", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


Conf = Callable[..., ModuleType]


@pytest.fixture
def conf(monkeypatch: pytest.MonkeyPatch) -> Conf:
    """Loads gunicorn.conf.py as gunicorn does, under an environment and a command line."""

    def load(
        environ: Mapping[str, str] | None = None, argv: Sequence[str] = ("app:app",), path: Path = CONF
    ) -> ModuleType:
        for name in set(os.environ) - set(clean_environ()):
            monkeypatch.delenv(name)
        for name, value in (environ or {}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["gunicorn", *argv])
        loader = importlib.machinery.SourceFileLoader("__config__", str(path))
        spec = importlib.util.spec_from_file_location("__config__", path, loader=loader)
        assert spec
        module = importlib.util.module_from_spec(spec)
        loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    with chromium() as launched:
        yield launched


stacks: list[Stack] = []  # of this process


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The compose stack of a clone under a name and on ports of its own, built once; taken down at the end."""
    stack = Stack(f"slots-test-{os.getpid()}", clone(tmp_path_factory.mktemp("clone")))
    stack.compose("build", "--quiet")
    stacks.append(stack)
    yield stack
    stack.down()


@pytest.fixture(scope="module", autouse=True)
def _nothing_goes_on() -> Iterator[None]:
    """A module leaves no container behind: one under load would take the CPU of all tests that follow."""
    yield
    for stack in stacks:
        stack.remove()
