"""What all tests share: this stack's configuration as a module, and what this machine can run."""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.bed import ROOT, clean_environ
from tests.bed.compose import Stack

CONF = ROOT / "gunicorn.conf.py"
# Without these a Chromium in a container or as root does not start, or talks to the network by itself.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fail-on-skip", action="store_true", help="a skipped test fails the run, as in CI")


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # As a shell's background job. Programs that the tests start would inherit it, and not hear their Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "container: needs Docker with Compose v2")
    config.addinivalue_line("markers", "browser: needs Chromium")


@functools.cache
def missing(what: str) -> str | None:
    """Why this machine cannot run a kind of test, None if it can."""
    if what == "browser":
        return None if browser_path() else f"none of {', '.join(BROWSERS)} is on PATH"
    if not shutil.which("docker"):
        return "docker is not on PATH"
    for command in (["docker", "info"], ["docker", "compose", "version"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"`{' '.join(command)}` fails: {done.stderr.strip().splitlines()[-1]}"
    return None


def browser_path() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for marker in ("container", "browser"):
            if item.get_closest_marker(marker) and (reason := missing(marker)):
                item.add_marker(pytest.mark.skip(reason=reason))


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

    def load(environ: Mapping[str, str] | None = None, argv: Sequence[str] = ("app:app",)) -> ModuleType:
        for name in set(os.environ) - set(clean_environ()):
            monkeypatch.delenv(name)
        for name, value in (environ or {}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["gunicorn", *argv])
        loader = importlib.machinery.SourceFileLoader("__config__", str(CONF))
        spec = importlib.util.spec_from_file_location("__config__", CONF, loader=loader)
        assert spec
        module = importlib.util.module_from_spec(spec)
        loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The compose stack under a name and on ports of its own, built once; taken down at the end."""
    stack = Stack(f"slots-test-{os.getpid()}")
    stack.compose("build", "--quiet")
    yield stack
    stack.down()
