"""Which cores gunicorn and Locust get."""

from __future__ import annotations

import pytest

from plans import Plan
from sweep.measure import machine

PLAN1, PLAN2 = Plan("B1", 1, 1.75), Plan("P1v3", 2, 8)


@pytest.mark.parametrize(
    ("plan", "cores", "share", "expected"),
    [
        (PLAN1, [0, 1], False, ((0,), (1,))),
        (PLAN1, [0, 1], True, ((0,), (0, 1))),
        (PLAN2, [4, 5, 6, 7], False, ((4, 5), (6, 7))),
        (PLAN1, [3], True, ((3,), (3,))),
    ],
    ids=["two cores", "shared", "any cores", "one core, shared"],
)
def test_cores(plan: Plan, cores: list[int], share: bool, expected: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "siblings", lambda core: {core})
    assert machine.split(plan, cores, share) == expected


def test_locust_keeps_off_the_other_thread_of_a_physical_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "siblings", lambda core: {core // 2 * 2, core // 2 * 2 + 1})
    assert machine.split(PLAN1, [0, 1, 2, 3], False) == ((0,), (2, 3))
    assert machine.split(PLAN1, [0, 1], False) == ((0,), (1,))  # better than none


@pytest.mark.parametrize(
    ("plan", "cores", "told"),
    [
        (PLAN2, [0], "has 2 vCPU, and this machine has 1 core: expected a plan with 1 vCPU and --share-cores"),
        (PLAN2, [0, 1], "takes all of this machine's 2 cores, and none is left for Locust"),
        (PLAN1, [0], "takes all of this machine's 1 core, and none is left for Locust"),
    ],
    ids=["too few", "none left", "one core"],
)
def test_a_plan_that_the_machine_cannot_hold_is_said_with_what_to_pass(plan: Plan, cores: list[int], told: str) -> None:
    with pytest.raises(machine.CoresError) as caught:
        machine.split(plan, cores, False)
    assert told in str(caught.value)
    assert "expected" in str(caught.value)
