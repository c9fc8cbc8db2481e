"""Several instances: which there were at once, what they share, and whether one of them has too much to do."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from explain_analysis import analyse
from explain_instances import by_instance, present, vcpus
from explain_server_timing import Origin
from explain_tally import MOST_WORKERS, Tally, tally_of
from explain_text import text
from explain_timeline import timeline
from tests.locustfiles.instances import CPU, IO, analysed, moved, own, records_of, together
from tests.locustfiles.simulated import App, Route, Run, explained

# --- what adds up -----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [2, 3, 30])
def test_slots_and_vcpu_add_up(number: int) -> None:
    """The pids are the same on each of them, and the workers are kept apart all the same."""
    found = explained(App(IO, 2, 3, origins=own(number)), 9 * number)
    setting = found.setting
    assert (setting.workers, setting.threads) == (2, 3)
    assert (setting.instances, setting.slots, setting.vcpu) == (number, 6 * number, number)
    assert len(found.instances) == number
    assert len({(worker.instance, worker.pid) for worker in found.workers}) == 2 * number
    assert found.slots_busy == pytest.approx(6 * number, rel=0.1)
    assert found.bounds.slots_rps == pytest.approx(60 * number, rel=0.05)
    assert sum(one.requests for one in found.instances) == found.load.requests
    assert f"{number} instances of 2 workers × 3 threads" in text(found)


def test_the_suggestion_is_for_each_of_them() -> None:
    verdict = explained(App(IO, 1, 2, origins=own(3)), 36).verdict
    assert verdict.code == "slots"
    assert "All 6 slots are busy" in verdict.text
    assert "Set 36 slots (2 × 6 on each of 3 instances) for 36 users" in verdict.text
    assert verdict.suggestion.startswith("GUNICORN_WORKERS=2 GUNICORN_THREADS=6 on each of 3 instances (36 slots): ")


def test_memory_is_that_of_each_instance() -> None:
    """Four workers of 40 MB fit into each instance's 200 MB, however many instances there are."""
    found = explained(App(IO, 4, 3, origins=own(3), stay=True), 36, memory_mb=200.0)
    assert found.memory_mb == pytest.approx(480)
    assert found.verdict.code == "healthy"
    assert "Keep GUNICORN_WORKERS=4 GUNICORN_THREADS=3 on each of 3 instances." in found.verdict.suggestion
    assert "about 160 of 200 MB" in found.verdict.suggestion


def test_cpu_of_instances_with_cores_of_their_own() -> None:
    found = explained(App(CPU, 2, 3, origins=own(2)), 12)
    assert found.verdict.code == "cpu"
    assert "of 2 vCPU of 2 instances" in found.verdict.text
    assert "GUNICORN_WORKERS=2 GUNICORN_THREADS=3 on each of 2 instances" in found.verdict.suggestion


def test_cores_that_instances_share_count_once() -> None:
    """As of `--scale app=3` on one machine: each says vcpu=1, and all mean the same core."""
    run = Run(App(CPU, 2, 3, origins=together(3)), 18, lambda _: 0.0, 1)
    for instance in run.instances[1:]:
        for worker in instance.workers:
            worker.cores = run.instances[0].workers[0].cores
    run.run(20.0)
    found = analysed(run.records, 18)
    assert found.setting.vcpu == 1
    assert found.cpu_utilization == pytest.approx(1, rel=0.1)
    assert found.verdict.code == "cpu"
    assert "3 instances, which are on the same cores" in found.verdict.text
    assert "1 core of its own for each instance" in found.verdict.suggestion


@pytest.mark.parametrize(
    ("origins", "each", "expected"),
    [
        ([Origin("a", "m", 0b11), Origin("b", "n", 0b11), Origin("c", "o", 0b1100)], 2, 6),
        (together(3, 0b11), 2, 2),
        (together(3, 0b1111), 1, 3),  # a quota of one core each, on four
        ([*together(2, 0b1), Origin("c", "n", 0b1)], 1, 2),
        ([Origin("a"), Origin("b")], 1, 2),  # a system that does not tell the machine
        ([Origin("a", "m", 0b01), Origin("b", "m", 0b10)], 1, 2),
    ],
    ids=["own", "shared", "quota", "both", "not told", "beside"],
)
def test_vcpus(origins: Sequence[Origin], each: int, expected: int) -> None:
    app = App(IO, 1, 1, vcpu=each, origins=origins)
    assert vcpus(tally_of(records_of(app, 8, 2.0)), len(origins)) == expected


# --- which there were -------------------------------------------------------------------------------


def test_a_header_of_before_is_read_as_before() -> None:
    found = explained(App(IO, 2, 3), 9)
    assert (found.setting.instances, found.instances, found.users_stay) == (None, (), None)
    assert {worker.instance for worker in found.workers} == {""}
    assert "nstance" not in text(found)


def test_one_instance_that_says_so_is_told_nothing_of_instances() -> None:
    found = explained(App(IO, 2, 3, origins=own(1)), 9)
    assert (found.setting.instances, len(found.instances), found.users_stay) == (1, 1, None)
    assert "nstance" not in text(found)
    assert replace(found, setting=replace(found.setting, instances=None), instances=(), workers=()) == replace(
        explained(App(IO, 2, 3), 9), workers=()
    )


def test_two_settings_are_found_and_named() -> None:
    """A deploy in progress."""
    one, other = own(2)
    records = records_of(App(IO, 1, 6, origins=[one]), 9) + records_of(App(IO, 1, 12, origins=[other]), 9)
    verdict = analysed(records, 18).verdict
    assert verdict.code == "mixed-up"
    assert "two settings at once (1 × 6 (SlotWorker, 1 vCPU) on 00000001, 1 × 12" in verdict.text
    assert "GUNICORN_" not in verdict.suggestion


def test_two_versions_are_found() -> None:
    records = records_of(App(IO, 1, 6, origins=own(1)), 9) + records_of(App(IO, 1, 6), 9)
    verdict = analysed(records, 18).verdict
    assert verdict.code == "mixed-up"
    assert "with an instance and without one" in verdict.text


def test_two_containers_with_the_same_name_are_no_instance() -> None:
    """On the host's network, where nothing tells them apart: their pids are the same, or are too many."""
    one, other = (records_of(App(IO, 3, 3, origins=own(1)), 9, seed=seed) for seed in (1, 2))
    assert "6 workers at once where there are 3" in analysed([*one, *moved(other, pid=50)], 18).verdict.text
    older = [
        record._replace(timing=record.timing._replace(at=record.timing.at + 100))
        for record in other
        if record.timing and record.timing.at is not None
    ]
    verdict = analysed([*one, *older], 18).verdict
    assert verdict.code == "mixed-up"
    assert "a worker's clock that jumps" in verdict.text


def test_two_gunicorns_of_an_instance_beside_another_instance() -> None:
    """Their workers are as many as two instances may have, but on one of them."""
    one, other = own(2)
    crowded = records_of(App(IO, 2, 3, origins=[one]), 6)
    records = [*crowded, *moved(records_of(App(IO, 2, 3, origins=[one]), 6, seed=5), pid=50)]
    lonely = [record for record in records_of(App(IO, 2, 3, origins=[other]), 1) if record.timing]
    verdict = analysed([*records, *lonely], 13).verdict
    assert verdict.code == "mixed-up"
    assert "4 workers at once where there are 2" in verdict.text


def test_a_cache_before_instances() -> None:
    records = records_of(App(IO, 3, 6, origins=own(2)), 18)
    kept = records[0].timing
    cached = [record._replace(response_ms=2.0, timing=kept) if at % 2 else record for at, record in enumerate(records)]
    verdict = analysed(cached, 18).verdict
    assert verdict.code == "mixed-up"
    assert "less time" in verdict.text
    assert verdict.text.startswith("These figures cannot be of 2 instances")


def test_an_instance_in_place_of_another_one() -> None:
    """It has a new id, and its clock begins when it starts: two were there at once, as before."""
    first, second, third = own(3)
    stays, gone = (records_of(App(IO, 2, 3, origins=[origin]), 6) for origin in (first, second))
    new = moved(records_of(App(IO, 2, 3, origins=[third]), 6, 9.0, seed=5), 11.0)
    found = analysed([*stays, *(record for record in gone if record.at < 10), *new], 12)
    assert (found.setting.instances, len(found.instances)) == (2, 3)
    assert found.setting.slots == 12
    assert found.slots_busy == pytest.approx(12, rel=0.1)
    assert found.verdict.code != "mixed-up"


@pytest.mark.parametrize(("until", "mixed_up"), [(10.0, True), (18.0, False)])
def test_an_instance_that_is_scaled_in(until: float, mixed_up: bool) -> None:
    kept = records_of(App(IO, 2, 3, origins=own(2)), 12)
    gone = [record for record in records_of(App(IO, 2, 3, origins=own(3)[2:]), 6) if record.at < until]
    verdict = analysed([*kept, *gone], 18).verdict
    assert (verdict.code == "mixed-up") == mixed_up, verdict
    assert ("3 instances at first and 2 later" in verdict.text) == mixed_up


def test_an_instance_whose_requests_hang_is_not_gone() -> None:
    """It answers no more, as all of its users wait for it."""
    fine = records_of(App(IO, 2, 6, origins=own(1)), 12)
    hangs = records_of(App([Route("GET /", [0.1, ("hang", 0.05)])], 2, 6, origins=own(2)[1:]), 12)
    verdict = analysed([*fine, *hangs], 24).verdict
    assert verdict.code == "stuck", verdict


def test_an_instance_that_is_scaled_out() -> None:
    first = records_of(App(IO, 2, 3, origins=own(1)), 6)
    second = moved(records_of(App(IO, 2, 3, origins=own(2)[1:]), 6, 10.0), 10.0)
    verdict = analysed([*first, *second], 9).verdict
    assert verdict.code == "mixed-up"
    assert "1 instance at first and 2 later" in verdict.text


def test_instances_that_seldom_answer_have_not_come_later() -> None:
    """Two requests a second for thirty of them: what their workers' clocks say is that they were there all along."""
    chance, origins = random.Random(1), own(30)
    records = []
    for number in range(60):
        at = number / 2
        run = records_of(App(IO, 1, 2, origins=[chance.choice(origins)]), 1, 0.2)
        records += moved(run[:1], at, at=at + 1000.0)
    there = present(tally_of(records), 30.0)
    assert there.steady
    assert there.number == there.seen > 20


def test_more_workers_than_are_kept_apart() -> None:
    tally = tally_of(records_of(App(IO, MOST_WORKERS // 8, 1, origins=own(10)), 2000, 2.0))
    assert len(tally.workers) == MOST_WORKERS + 1
    assert len(by_instance(tally)) == 10
    assert present(tally, 2.0).number == 10


def test_a_gone_instance_s_slots_are_not_busy_any_more() -> None:
    kept = records_of(App(IO, 2, 3, origins=own(1)), 6)
    gone = [record for record in records_of(App(IO, 2, 3, origins=own(2)[1:]), 6) if record.at < 10]
    columns = timeline(tally_of(sorted([*kept, *gone], key=lambda record: record.at)), 20.0)
    assert columns.slots_busy[5] == pytest.approx(12, rel=0.15)
    assert columns.slots_busy[15] == pytest.approx(6, rel=0.15)


def test_it_comes_back_from_a_report() -> None:
    tally = tally_of(records_of(App(IO, 2, 3, origins=own(3)), 18, 5.0))
    again = Tally.from_dict(tally.to_dict())
    assert analyse(again, 18, 5.0) == analyse(tally, 18, 5.0)
