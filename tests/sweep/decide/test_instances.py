"""From one instance to several: what adds up, and what nobody can know."""

from __future__ import annotations

from pathlib import Path

import pytest

from explain_laws import Setting
from explain_server_timing import Origin
from sweep.decide.findings import Findings
from sweep.decide.instances import Several
from sweep.decide.recommendation import Recommendation
from tests.locustfiles import simulated
from tests.sweep.apps import swept
from tests.sweep.kinds import KINDS
from tests.sweep.samples import failed, ran, recommended


def measuring(kind: str, folder: Path, number: int = 3) -> Recommendation:
    return Findings.of(swept(KINDS[kind], folder, instances=number)).recommendation


def on(kind: str, folder: Path) -> Several:
    found = measuring(kind, folder)
    assert found.several
    return found.several


def serves(name: str, setting: Setting, number: int, users: int) -> float:
    """What so many instances serve, on which users are spread evenly."""
    kind = KINDS[name]
    origins = [Origin(f"{one:x}") for one in range(1, number + 1)]
    app = simulated.App(kind.routes, *setting, kind.vcpu, origins=origins, stay=True)
    run = simulated.Run(app, users, kind.think, 7)
    run.run(kind.warm + kind.seconds)
    return sum(record.at > kind.warm for record in run.records) / kind.seconds


@pytest.mark.parametrize("kind", ["waits", "computes", "both", "thinkers"])
def test_what_an_instance_has_of_its_own_adds_up(kind: str, tmp_path: Path) -> None:
    """Against the simulated app on that many instances."""
    recommendation = measuring(kind, tmp_path)
    found, setting = recommendation.several, recommendation.setting
    assert found
    assert setting
    assert found.known
    one, two, three = found.held
    assert one.rps
    assert two.rps == pytest.approx(2 * one.rps)
    assert three.rps == pytest.approx(3 * one.rps)
    assert three.users == 3 * one.users
    assert "as a database or a service behind the app" in found.reason
    for held in found.held:
        assert held.rps is not None
        assert held.same_users_rps is not None
        assert held.rps == pytest.approx(serves(kind, setting, held.instances, held.users), rel=0.1)
        assert serves(kind, setting, held.instances, one.users) <= 1.1 * held.same_users_rps


def test_the_same_users_on_more_cores(tmp_path: Path) -> None:
    """36 users ask for 168 requests/s of the CPU, and would get 357 with enough of it."""
    one, two, three = on("both", tmp_path).held
    assert one.same_users_rps == one.rps
    assert two.same_users_rps == pytest.approx(two.rps)
    assert three.same_users_rps
    assert two.rps
    assert two.rps < three.same_users_rps < 3 * (one.rps or 0.0)


def test_users_who_limit_themselves_get_no_more(tmp_path: Path) -> None:
    one, _, three = on("waits", tmp_path).held
    assert three.same_users_rps == one.rps


@pytest.mark.parametrize("kind", ["a lock for all workers", "a pool of ten that waits", "an upstream that takes six"])
def test_what_requests_wait_for_inside_may_be_shared(kind: str, tmp_path: Path) -> None:
    found = on(kind, tmp_path)
    assert not found.known
    assert [one.rps is None for one in found.held] == [False, True, True]
    assert found.reason.startswith("Nobody can know what 3 instances serve")
    assert "if they share it" in found.reason


def test_what_refuses_requests_may_be_shared(tmp_path: Path) -> None:
    """Ten connections: nine or ten slots on one instance, and as many on all if they share the database."""
    found = on("a pool of ten that refuses", tmp_path)
    assert not found.known
    assert found.held[1].rps is None
    assert "from 12 slots on requests fail" in found.reason
    assert "11 slots together, 3 each" in found.reason


def test_slots_that_failed_to_start_are_nobody_s_refusal(tmp_path: Path) -> None:
    """For memory, say: each instance has its own."""
    runs = [ran(3, 6, 176, 210, repeat=repeat) for repeat in range(3)]
    runs.append(failed(9, 12, "ended for memory: the app took 600 MB"))
    several = recommended(tmp_path, runs, instances=3).several
    assert several
    assert "requests fail" not in several.reason


def test_one_instance_is_no_question(tmp_path: Path) -> None:
    found = measuring("waits", tmp_path, 1)
    assert found.several is None
    assert found.as_json()["instances"] is None


def test_the_json(tmp_path: Path) -> None:
    found = measuring("computes", tmp_path, 2).as_json()["instances"]
    assert list(found) == ["known", "reason", "held"]
    assert [list(one) for one in found["held"]] == [["instances", "users", "rps", "same_users_rps"]] * 2
