"""What decides on the front end's instances: its settings, and which instances the health check takes out."""

from __future__ import annotations

import importlib.util
import re
import sys
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.bed import ROOT

PATH = ROOT / "deploy" / "front-end" / "instances.py"
USUAL = {
    "FRONT_END_TIMEOUT": "240",
    "FRONT_END_SCHEME": "http",
    "FRONT_END_AFFINITY": "true",
    "FRONT_END_HEALTH_SECONDS": "60",
    "WEBSITES_CONTAINER_START_TIME_LIMIT": "230",
    "WEBSITE_HEALTHCHECK_MAXPINGFAILURES": "10",
    "WEBSITE_HEALTHCHECK_MAXUNHEALTHYWORKERPERCENT": "50",
}


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("instances", PATH)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["instances"] = module  # where its dataclasses look
    spec.loader.exec_module(module)
    return module


INSTANCES: Any = loaded()


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """All of them as Compose sets them by default."""
    for name, value in USUAL.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_composes_defaults_are_taken(variables: pytest.MonkeyPatch) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["front-end"]["environment"]
    assert {entry.partition("=")[0] for entry in compose} == set(USUAL) | {"FRONT_END_HEALTH_PATH"}
    assert INSTANCES.settings() == (230, "", 60, 10, 50)
    variables.setenv("FRONT_END_HEALTH_PATH", "/healthz?deep=1")
    assert INSTANCES.settings().health_path == "/healthz?deep=1"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("FRONT_END_TIMEOUT", "4m", "a whole number from 1 to 86400"),
        ("FRONT_END_TIMEOUT", "0", "a whole number from 1 to 86400"),
        ("FRONT_END_TIMEOUT", "", "a whole number from 1 to 86400"),
        ("FRONT_END_TIMEOUT", "1\n2", "a whole number from 1 to 86400"),
        ("FRONT_END_SCHEME", "ftp", "http or https"),
        ("FRONT_END_AFFINITY", "no", "true or false"),
        ("FRONT_END_HEALTH_PATH", "healthz", "a path, for instance /healthz"),
        ("FRONT_END_HEALTH_PATH", "/a b", "a path, for instance /healthz"),
        ("FRONT_END_HEALTH_SECONDS", "-1", "a whole number from 1 to 3600"),
        ("WEBSITES_CONTAINER_START_TIME_LIMIT", "1801", "a whole number from 1 to 1800"),
        ("WEBSITE_HEALTHCHECK_MAXPINGFAILURES", "1", "a whole number from 2 to 10"),
        ("WEBSITE_HEALTHCHECK_MAXUNHEALTHYWORKERPERCENT", "\u0665\u0660", "a whole number from 1 to 100"),
    ],
)
def test_a_bad_value_is_one_line(variables: pytest.MonkeyPatch, name: str, value: str, expected: str) -> None:
    variables.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        INSTANCES.settings()
    assert ended.value.code == f"{name}={value}: expected {expected}"


@pytest.mark.parametrize(
    ("failed", "out", "changed"),
    [
        ([0, 0], [], []),
        ([1, 0], [], []),  # not often enough
        ([2, 0], [], [1]),
        ([5, 0], [1], []),  # out already
        ([0, 0], [1], [1]),  # back
        ([2], [], []),  # the only one stays
        ([2, 2], [], []),  # none, if all fail
        ([9, 2], [1], [1]),  # and back, if the last one fails too
        ([2, 3, 0], [], [2]),  # one of three, the one that failed more often
        ([2, 2, 2, 0], [], [1, 2]),  # half of four
        ([2, 2, 9, 0], [1, 2], []),  # those that are out stay out
    ],
)
def test_which_are_taken_out_and_put_back(failed: list[int], out: list[int], changed: list[int]) -> None:
    given = INSTANCES.Settings(230, "/healthz", 60, 2, 50)
    warm = [
        INSTANCES.Instance(f"169.254.0.{place}", place, warm=True, failed=number, out=place in out)
        for place, number in enumerate(failed, 1)
    ]
    assert [one.place for one in INSTANCES.changed(warm, given)] == changed


def test_no_more_instances_than_haproxy_knows() -> None:
    text = (PATH.parent / "haproxy.cfg").read_text()
    assert f"server-template instance 1-{INSTANCES.MOST_INSTANCES} 0.0.0.0:{INSTANCES.PORT} disabled" in text
    assert f"stats socket {INSTANCES.COMMANDS} " in text


def test_what_waits_for_an_instance_that_is_gone_gets_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """HAProxy connects again by itself, so that only what is left after that is ended."""
    told: list[str] = []
    clock, addresses = [100.0], {"169.254.0.2"}
    monkeypatch.setattr(INSTANCES, "tell", lambda *commands: told.extend(commands))
    monkeypatch.setattr(INSTANCES, "resolved", lambda: set(addresses))
    monkeypatch.setattr(INSTANCES.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(INSTANCES.Instances, "attend", lambda *_: None)
    found = INSTANCES.Instances(INSTANCES.Settings(230, "", 60, 2, 50))
    found.look()
    addresses.clear()
    for _ in range(INSTANCES.GONE):
        found.look()
    assert told == ["set server instances/instance1 state maint"]
    addresses.add("169.254.0.3")
    found.look()
    assert found.known["169.254.0.3"].place == 2  # the first one's sessions would be ended with it
    clock[0] += INSTANCES.LEAVE_SECONDS
    found.look()
    assert told[1:] == ["shutdown sessions server instances/instance1"]
    connect = re.search(r"timeout connect (\d+)s", (PATH.parent / "haproxy.cfg").read_text())
    assert connect
    assert int(connect[1]) < INSTANCES.LEAVE_SECONDS
