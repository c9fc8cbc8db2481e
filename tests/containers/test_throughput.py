"""The stack under load in its containers: as many requests at a time as there are slots."""

from __future__ import annotations

import os
import time
import urllib.request

import pytest

from tests.bed import clients
from tests.bed.compose import Stack
from tests.bed.locust import WAITING, Load
from tests.containers.test_compose import ARTICLE

pytestmark = pytest.mark.container

# The app has core 0. On one core all of this would measure Locust.
APART = {"GENERATOR_CPUSET": "1"} if (os.cpu_count() or 1) > 1 else {}
ONE = APART | {"GUNICORN_WORKERS": "1", "GUNICORN_THREADS": "1"}
EIGHTEEN = {
    "3x6": {"GUNICORN_WORKERS": "3", "GUNICORN_THREADS": "6"},
    "the article's line": {"STARTUP_COMMAND": ARTICLE},
    "GUNICORN_CMD_ARGS": {"GUNICORN_CMD_ARGS": "--workers 2 --threads 9"},
}


def best(stack: Stack, users: int, environ: dict[str, str], enough: float) -> Load:
    """The best of up to three runs, as other work on the machine only ever takes away."""
    results = []
    for _ in range(3):
        results.append(stack.load(users, 4, environ=environ))
        if results[-1].rps >= enough:
            break
    return max(results, key=lambda result: result.rps)


@pytest.fixture(scope="module")
def one_by_one(stack: Stack) -> Load:
    stack.up("app", environ=ONE)
    return stack.load(36, 5, environ=ONE)


@pytest.mark.alone
@pytest.mark.parametrize("name", EIGHTEEN)
def test_eighteen_slots_do_eighteen_times_the_work(stack: Stack, one_by_one: Load, name: str) -> None:
    environ = APART | EIGHTEEN[name]
    stack.up("app", environ=environ)
    at_36 = best(stack, 36, environ, 16.5 * one_by_one.rps)
    assert at_36.failures == 0
    assert at_36.rps >= 16.5 * one_by_one.rps
    at_18 = best(stack, 18, environ, 0.93 * 180)
    assert at_18.failures == 0
    assert at_18.rps >= 0.93 * 180
    assert at_18.percentile(0.95) <= 130


def test_no_failure_when_sixty_users_wait_two_seconds(stack: Stack) -> None:
    stack.up("app")
    mount = f"{WAITING}:/mnt/waiting.py:ro"
    result = stack.load(60, 9, mount, environ={"LOCUST_LOCUSTFILE": "/mnt/waiting.py"})
    assert result.requests >= 60 * 3
    assert result.failures == 0


def test_silent_connections_delay_nobody(stack: Stack) -> None:
    stack.up("app", environ={"GUNICORN_WORKERS": "1", "GUNICORN_THREADS": "6"})
    with clients.silent(stack.app_port, 6):
        begin = time.monotonic()
        with urllib.request.urlopen(stack.app_url + "/healthz", timeout=10) as response:
            assert response.status == 200
        assert time.monotonic() - begin < 0.2
