"""`docker compose --profile distributed up`: a master and its workers, and one verdict of what all of them counted."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from explain_engine import engine_in
from tests import readme
from tests.bed import free_port
from tests.bed.compose import Stack
from tests.bed.docker import docker, inspect
from tests.bed.waiting import wait_for

pytestmark = pytest.mark.container

(COMMAND,) = readme.of("distributed")
# So that the run begins and ends by itself, with nothing else that runs.
HEADLESS = {
    "LOCUST_HEADLESS": "true",
    "LOCUST_EXPECT_WORKERS": "4",
    "LOCUST_USERS": "12",
    "LOCUST_RUN_TIME": "4s",
    "LOCUST_PRINT_TALLY": "true",
    "LOCUST_LOCUSTFILE": "io_bound.py",
}


@pytest.fixture(scope="module")
def master(stack: Stack) -> Iterator[str]:
    """The master's container, when its run is over; started with the README's command, in the background."""
    stack.up("app")
    arguments = COMMAND.removeprefix("docker compose ").split()
    environ = HEADLESS | {"MASTER_WEB_PORT": str(free_port())}
    stack.compose(*arguments, "--detach", "--scale", "locust=0", "--scale", "ready=0", environ=environ)
    container = stack.container("locust-master")
    wait_for(lambda: inspect(container)["State"]["Status"] == "exited", 60, "the end of the run")
    yield container
    stack.compose("--profile", "distributed", "rm", "--force", "--stop", "locust-master", "locust-worker")


def test_one_verdict_of_four_workers(master: str) -> None:
    log = docker("logs", master).stdout + docker("logs", master).stderr
    (engine,) = filter(None, map(engine_in, log.splitlines()))
    assert len(engine.loads) == 4
    assert engine.users == 12
    assert "Verdict: healthy" in log, log
    assert inspect(master)["State"]["ExitCode"] == 0


def test_the_master_has_a_web_ui_of_its_own(stack: Stack) -> None:
    config = json.loads(stack.compose("--profile", "distributed", "config", "--format", "json").stdout)["services"]
    ports = {name: [port["published"] for port in one.get("ports", [])] for name, one in config.items()}
    assert ports["locust-master"] == ["8090"]
    assert ports["locust-worker"] == []
    assert {port["host_ip"] for port in config["locust-master"]["ports"]} == {"127.0.0.1"}
