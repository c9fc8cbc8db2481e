"""The users who carry arrivals, in one process: who is free takes the next one, and more are added as needed.

Any scenario's users will do: they choose their tasks as ever, log in once in their `on_start`, and keep what they know
of themselves from one task to the next. Only when a task begins is decided here, in place of the scenario's pauses
between tasks. A request's time counts from the moment at which its task was due.
"""

from __future__ import annotations

import logging
import random
import time
from collections import deque
from typing import Any

import gevent
from gevent.event import AsyncResult
from locust import TaskSet, User
from locust.exception import StopUser
from locust.runners import locust_exception_handler
from locust.user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING

from explain_open import OpenLoad
from explain_schedule import Ledger, Schedule

logger = logging.getLogger("locust.explain")
# So many users more than are in a task are kept ready, as a new one may have to log in first.
SPARE, SPARE_SHARE = 2, 0.1
# The load has long ceased to be open when so many wait for a user; further ones are counted, and do not begin.
MOST_WAITING = 100_000
# A request may be made by a greenlet that a task has started, or by one of that one's.
GENERATIONS = 3


class Arrival:
    """One task, and when it was due.

    Attributes:
        due: by the clock.
        held_back: whether it had to wait for one of as many users as there may be.
        delay_ms: what its first request has to count beside its own time; 0 for those that follow.
    """

    __slots__ = ("delay_ms", "due", "held_back")

    def __init__(self, due: float) -> None:
        self.due, self.held_back, self.delay_ms = due, False, 0.0


class Pool:
    """The users of one process, and the arrivals that they take.

    Attributes:
        runner: Locust's.
        ledger: counts what becomes of the arrivals.
        load: what is asked of this process; None while none is.
        free: users who wait for an arrival, by their class's name.
        line: arrivals that wait for a user, by the name of the class that is to take them.
    """

    def __init__(self, runner: Any, ledger: Ledger) -> None:
        self.runner, self.ledger = runner, ledger
        self.load: OpenLoad | None = None
        self.source: gevent.Greenlet | None = None
        self.forget()

    def forget(self) -> None:
        """Forget the last test's users and arrivals."""
        self.free: dict[str, deque[AsyncResult]] = {}
        self.line: dict[str, deque[Arrival]] = {}
        self.ledger.waiting = self.ledger.busy = 0

    # --- arrivals -------------------------------------------------------------------------------

    def start(self, load: OpenLoad) -> None:
        """Let arrivals come; or go on, from now on at another rate if it is another one.

        Locust has started its users, and who is there is used: there may be as many, in any case.
        """
        load = load._replace(max_users=max(load.max_users, self.users))
        if self.load is not None:
            load = load._replace(ramp_s=self.load.ramp_s)
            if load == self.load:
                return
            load = load._replace(ramp_s=0.0)
            self.stop()
        self.load, self.ledger.asked, self.ledger.users_allowed = load, load.rps, load.max_users
        self.source = gevent.spawn(self.come, load)
        self.source.link_exception(locust_exception_handler(self.runner.environment))  # as of its own greenlets

    def stop(self) -> None:
        """Let no more arrivals come. Locust ends the users."""
        self.load = None
        if self.source is not None:
            self.source.kill(block=False)
            self.source = None

    def come(self, load: OpenLoad) -> None:
        """Bring each arrival when it is due, for ever."""
        schedule = Schedule(load.rps, load.ramp_s, load.seed)
        # Not the same numbers again, or a class would have the arrivals that come close together.
        chance = random.Random(None if load.seed is None else f"{load.seed} classes")  # noqa: S311 no secret
        classes = [one for one in self.runner.user_classes if self.takes_part(one)]
        names, weights = [one.__name__ for one in classes], [one.weight for one in classes]
        begun = time.perf_counter()
        while True:
            due = begun + schedule.next()
            gevent.sleep(0)  # those that came have to begin, also where many are due at once
            while (left := due - time.perf_counter()) > 0:
                gevent.sleep(left)
            self.arrive(chance.choices(names, weights)[0], due)

    def takes_part(self, user_class: type[User]) -> bool:
        """Whether Locust starts users of a class; in the web UI some can be chosen."""
        chosen = self.runner.target_user_classes_count
        return user_class.weight > 0 and (not chosen or user_class.__name__ in chosen)

    def arrive(self, name: str, due: float) -> None:
        """Give an arrival to a free user of a class, else let it wait for one; add a user if few are free."""
        self.ledger.arrived()
        if self.ledger.waiting > MOST_WAITING:
            return
        arrival = Arrival(due)
        if free := self.free.get(name):
            free.popleft().set(arrival)
        else:
            arrival.held_back = self.users >= self.allowed
            self.line.setdefault(name, deque()).append(arrival)
        coming = self.users - self.ledger.busy  # free ones, and those who log in
        if coming < self.ledger.waiting + SPARE + SPARE_SHARE * self.ledger.busy and self.users < self.allowed:
            self.runner.spawn_users({name: 1})

    @property
    def users(self) -> int:
        """How many users there are."""
        return int(self.runner.user_count)

    @property
    def allowed(self) -> int:
        """How many there may be."""
        return self.load.max_users if self.load else 0

    # --- users ----------------------------------------------------------------------------------

    def next(self, user: User) -> Arrival:
        """Return the next arrival for a user, who waits for it."""
        name = type(user).__name__
        if line := self.line.get(name):
            return line.popleft()
        waiting, free = AsyncResult(), self.free.setdefault(name, deque())
        free.append(waiting)
        try:
            arrival: Arrival = waiting.get()
        except BaseException:  # the user ends
            if waiting in free:
                free.remove(waiting)
            elif waiting.ready():
                self.line.setdefault(name, deque()).appendleft(waiting.value)
            raise
        return arrival

    def take(self, user: Any) -> None:
        """Have a user wait for an arrival, and begin it. May raise what ends a user."""
        if user._state == LOCUST_STATE_STOPPING:
            raise StopUser
        user._state = LOCUST_STATE_WAITING  # so that Locust can end it at once
        arrival = self.next(user)
        if user._state == LOCUST_STATE_STOPPING:
            raise StopUser
        user._state = LOCUST_STATE_RUNNING
        arrival.delay_ms = self.ledger.begins(arrival.due, arrival.held_back) * 1e3
        greenlet: Any = gevent.getcurrent()
        greenlet.explain_arrival, greenlet.explain_last = arrival, None  # what lies between two tasks is no pause
        user.explain_in_task = user.explain_served = True

    def done(self, user: Any) -> None:
        """Note that a user's task has ended."""
        self.ledger.ends()
        user.explain_in_task = False


def delay_of(greenlet: Any) -> float:
    """Return by how much the request that a greenlet has just ended was delayed, in ms."""
    delay_ms: float = getattr(greenlet, "explain_delay_ms", 0.0)
    if delay_ms:
        greenlet.explain_delay_ms = 0.0
    return delay_ms


def arrival_of(greenlet: Any) -> Arrival | None:
    """Return the arrival that a greenlet works for."""
    for _ in range(GENERATIONS):
        if greenlet is None:
            return None
        found: Arrival | None = getattr(greenlet, "explain_arrival", None)
        if found is not None:
            return found
        parent = getattr(greenlet, "spawning_greenlet", None)
        greenlet = parent() if parent else None
    return None


def count_from_due(hook: Any) -> None:
    """Have each request event of Locust's, for all who listen, count the time from the moment it was due."""
    fire = hook.fire

    def fire_from_due(*args: Any, **event: Any) -> None:
        greenlet: Any = gevent.getcurrent()
        arrival = arrival_of(greenlet)
        if arrival is not None and event.get("response_time") is not None:
            delay_ms, arrival.delay_ms = arrival.delay_ms, 0.0
            event["response_time"] += delay_ms
            if event.get("start_time"):
                event["start_time"] -= delay_ms / 1e3
            greenlet.explain_delay_ms = delay_ms
        fire(*args, **event)

    hook.fire = fire_from_due


def let_arrivals_decide() -> None:
    """Have Locust's task sets begin a task when one is due, where there is a rate; else as ever."""
    if hasattr(TaskSet, "explain_open"):
        return
    task_sets: Any = TaskSet
    execute, wait = task_sets.execute_next_task, task_sets.wait
    task_sets.explain_open = True

    def execute_next_task(self: Any) -> None:
        user, pool = self.user, pool_of(self.user)
        if pool is None or is_task_set(self._task_queue[0]):
            execute(self)
            return
        pool.take(user)
        try:
            execute(self)
        finally:
            pool.done(user)

    def wait_for_due(self: Any) -> None:
        """A pause within a task is the scenario's own; so is one of a task set that had nothing to do."""
        user = self.user
        if (
            pool_of(user) is None
            or getattr(user, "explain_in_task", False)
            or not getattr(user, "explain_served", False)
        ):
            wait(self)
            return
        user.explain_served = False
        if user._state == LOCUST_STATE_STOPPING:
            raise StopUser

    task_sets.execute_next_task, task_sets.wait = execute_next_task, wait_for_due


def pool_of(user: Any) -> Pool | None:
    """Return the pool that decides when a user's tasks begin; None if that is the user."""
    pool: Pool | None = getattr(user.environment, "explain_pool", None)
    return pool


def is_task_set(task: Any) -> bool:
    """Whether a task has tasks of its own."""
    return hasattr(task, "tasks") and isinstance(task, type) and issubclass(task, TaskSet)
