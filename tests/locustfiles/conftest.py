"""Real gunicorn and real Locust with the analysis, for its tests."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.bed import gunicorn as bed
from tests.bed.cores import cores
from tests.bed.gunicorn import Server

# Locust patches threads and sockets of the process that imports it, which pytest's own would not survive.
os.environ["LOCUST_SKIP_MONKEY_PATCH"] = "1"
importlib.import_module("locust")
del os.environ["LOCUST_SKIP_MONKEY_PATCH"]

HERE = Path(__file__).parent
SCENARIO = HERE / "scenario.py"


def fetch(url: str, data: bytes | None = None) -> Any:
    with urllib.request.urlopen(url, data=data, timeout=5) as answer:
        return json.loads(answer.read())


def answers(url: str) -> bool:
    with urllib.request.urlopen(url, timeout=2) as answer:
        return bool(answer.status == 200)


@contextlib.contextmanager
def gunicorn(workers: int, threads: int, *args: str, pinned: bool = True, **env: str) -> Iterator[Server]:
    """Run gunicorn with this project's configuration and its header, on one core (or all)."""
    environ = {"GUNICORN_WORKERS": str(workers), "GUNICORN_THREADS": str(threads), "SERVER_TIMING": "true"}
    with bed.gunicorn(args, environ | env, pin=cores()[0] if pinned else None) as running:
        yield running


@pytest.fixture(scope="package")
def healthy() -> Iterator[Server]:
    """3 × 12 slots."""
    with gunicorn(3, 12) as server:
        yield server


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A browser's window without a network; its parameters are Playwright's."""
    made = browser.new_context(offline=True, **getattr(request, "param", {}))
    yield made
    made.close()
