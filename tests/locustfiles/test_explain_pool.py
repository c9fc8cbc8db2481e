"""Who takes an arrival, in one process, and what its request counts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from locust import TaskSet, User, constant, task
from locust.event import EventHook
from locust.exception import StopUser
from locust.user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_STOPPING

import explain_pool
from explain_open import OpenLoad
from explain_pool import Pool, count_from_due, delay_of, let_arrivals_decide
from explain_schedule import Ledger


class Runner:
    """Adds users that do nothing but take one arrival after another."""

    def __init__(self) -> None:
        self.spawned: list[str] = []
        self.user_count = 0
        self.user_classes: list[Any] = []
        self.target_user_classes_count: dict[str, int] = {}
        self.environment: Any = SimpleNamespace(parsed_options=None)

    def spawn_users(self, counts: dict[str, int]) -> None:
        for name, count in counts.items():
            self.spawned += [name] * count
            self.user_count += count


class Clock:
    now = 10.0

    def __call__(self) -> float:
        return self.now


def made(max_users: int = 10) -> tuple[Pool, Runner, Clock]:
    clock, runner = Clock(), Runner()
    pool = Pool(runner, Ledger(clock))
    pool.load = OpenLoad(1.0, max_users=max_users)
    return pool, runner, clock


class Visitor:
    """As much of a user as the pool looks at."""

    _state = LOCUST_STATE_RUNNING


def start(pool: Pool, seconds: float = 0.0) -> gevent.Greenlet:
    """A user who takes an arrival, and is in its task for so long."""
    pool.runner.user_count += 1
    user: Any = Visitor()

    def carry() -> float:
        pool.take(user)
        delay: float = gevent.getcurrent().explain_arrival.delay_ms
        gevent.sleep(seconds)
        pool.done(user)
        return delay

    greenlet = gevent.spawn(carry)
    gevent.sleep(0)
    return greenlet


def test_a_free_user_takes_an_arrival_at_once() -> None:
    pool, _, clock = made()
    user = start(pool)
    clock.now = 10.25
    pool.arrive("Visitor", 10.0)
    assert user.get(timeout=1) == pytest.approx(250)
    found = pool.ledger.peek()
    assert (found.due, found.begun, found.ended, found.held_back, found.left) == (1, 1, 1, 0, 0)


def test_users_are_added_as_needed_and_no_further() -> None:
    """Some are kept ready; those who log in count as ready, or one who never gets in would bring ever more."""
    pool, runner, _ = made(max_users=6)
    for number in range(30):
        pool.arrive("Visitor", 10.0 + number)
    assert runner.user_count == 6
    found = pool.ledger.peek()
    assert (found.due, found.left) == (30, 30)
    held_back = [arrival.held_back for arrival in pool.line["Visitor"]]
    assert held_back == sorted(held_back)
    assert held_back.count(False) == 6


def test_memory_has_an_end_where_nobody_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain_pool, "MOST_WAITING", 50)
    pool, _, _ = made(max_users=1)
    for number in range(200):
        pool.arrive("Visitor", 10.0 + number)
    assert len(pool.line["Visitor"]) == 50
    assert pool.ledger.peek().left == 200


def test_an_idle_pool_is_not_added_to() -> None:
    pool, runner, _ = made()
    users = [start(pool) for _ in range(5)]
    pool.arrive("Visitor", 10.0)
    gevent.joinall(users, timeout=0.1)
    assert runner.spawned == []


def test_who_becomes_free_takes_the_one_that_has_waited_longest() -> None:
    pool, _, clock = made(max_users=1)
    pool.runner.user_count = 1
    for due in (10.0, 11.0):
        pool.arrive("Visitor", due)
    clock.now = 12.0
    assert start(pool).get(timeout=1) == pytest.approx(2000)
    assert start(pool).get(timeout=1) == pytest.approx(1000)
    assert pool.ledger.peek().held_back == 2


def test_an_arrival_of_a_user_who_ends_is_the_next_one_s() -> None:
    pool, _, _ = made()
    ends = start(pool)
    ends.kill(block=False)
    pool.arrive("Visitor", 10.0)
    ends.join(timeout=1)
    assert pool.ledger.peek().begun == 0
    assert start(pool).get(timeout=1) == 0
    assert pool.ledger.peek().left == 0


def test_a_user_who_ends_while_free_is_none_any_more() -> None:
    pool, _, _ = made()
    start(pool).kill()
    stays = start(pool)
    pool.arrive("Visitor", 10.0)
    assert stays.get(timeout=1) == 0


def test_a_user_who_is_to_stop_takes_none() -> None:
    pool, _, _ = made()
    user: Any = SimpleNamespace(_state=LOCUST_STATE_STOPPING)
    with pytest.raises(StopUser):
        pool.take(user)


def test_a_running_load_goes_on_at_another_rate_without_its_ramp() -> None:
    pool, runner, _ = made()
    pool.load = None
    runner.user_classes = [Weighted]
    pool.start(OpenLoad(50, ramp_s=5))
    source = pool.source
    pool.start(OpenLoad(50))  # a new window
    assert pool.source is source
    pool.start(OpenLoad(60, ramp_s=5))
    assert pool.load == OpenLoad(60)
    assert pool.source is not source
    pool.stop()
    assert pool.load is None


class Weighted(User):
    weight = 3
    wait_time = constant(9)
    abstract = False

    @task
    def nothing(self) -> None:
        """Ends at once."""


class Other(Weighted):
    weight = 1


def test_classes_come_by_their_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, runner, _ = made()
    runner.user_classes = [Weighted, Other]
    came: list[str] = []
    monkeypatch.setattr(pool, "arrive", lambda name, _due: came.append(name))
    source = gevent.spawn(pool.come, OpenLoad(20000, seed="1"))
    gevent.sleep(0.05)
    source.kill()
    assert came.count("Weighted") / len(came) == pytest.approx(0.75, abs=0.05)


# --- what is counted ----------------------------------------------------------------------------------


def test_the_first_request_counts_from_when_it_was_due_for_all_who_listen() -> None:
    pool, _, clock = made()
    heard: list[dict[str, Any]] = []
    hook: Any = EventHook()  # type: ignore[no-untyped-call] # Locust's
    count_from_due(hook)
    delays: list[float] = []

    def listen(**event: Any) -> None:
        heard.append(event)
        delays.append(delay_of(gevent.getcurrent()))

    hook.add_listener(listen)
    user: Any = Visitor()
    pool.runner.user_count = 1

    def carry() -> None:
        pool.take(user)
        hook.fire(response_time=100.0, start_time=50.0, name="first")
        gevent.spawn(hook.fire, response_time=7.0, start_time=50.2, name="beside").join()
        hook.fire(response_time=None, name="no time")
        pool.done(user)

    clock.now = 10.5
    pool.arrive("Visitor", 10.0)
    gevent.spawn(carry).get(timeout=1)
    assert [(event["name"], event["response_time"], event.get("start_time")) for event in heard] == [
        ("first", pytest.approx(600), pytest.approx(49.5)),
        ("beside", 7.0, 50.2),
        ("no time", None, None),
    ]
    assert delays == [pytest.approx(500), 0.0, 0.0]


def test_a_request_by_a_greenlet_of_the_task_s_own_counts_too() -> None:
    pool, _, clock = made()
    heard: list[float] = []
    hook: Any = EventHook()  # type: ignore[no-untyped-call]
    count_from_due(hook)
    hook.add_listener(lambda response_time, **_: heard.append(response_time))
    user: Any = Visitor()
    pool.runner.user_count = 1

    def carry() -> None:
        pool.take(user)
        gevent.spawn(hook.fire, response_time=7.0, start_time=50.2).join()

    clock.now = 10.5
    pool.arrive("Visitor", 10.0)
    gevent.spawn(carry).get(timeout=1)
    hook.fire(response_time=3.0, start_time=1.0)  # nobody's
    assert heard == [pytest.approx(507), 3.0]


# --- Locust's task sets -------------------------------------------------------------------------------


def test_a_pause_between_tasks_is_not_made_and_one_within_is() -> None:
    let_arrivals_decide()
    let_arrivals_decide()  # a second test of the same process
    slept: list[float] = []

    class Reads(TaskSet):
        wait_time = constant(7)

        def _sleep(self, seconds: float) -> None:
            slept.append(seconds)

        @task
        def read(self) -> None:
            self.wait()  # type: ignore[no-untyped-call]
            slept.append(-1)

    pool, runner, _ = made()
    environment: Any = SimpleNamespace(host=None, explain_pool=pool)
    user: Any = Weighted(environment)
    user._state = LOCUST_STATE_RUNNING
    runner.user_count = 1
    for due in (10.0, 10.1):
        pool.arrive("Weighted", due)
    tasks: Any = Reads(user)
    for _ in range(2):
        tasks.schedule_task(tasks.get_next_task())
        tasks.execute_next_task()
        tasks.wait()
    assert slept == [7, -1, 7, -1]
    environment.explain_pool = None  # users who wait for their answers
    tasks.wait()
    assert slept[-1] == 7
