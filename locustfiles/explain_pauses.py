"""The pauses that a scenario asks for, between the requests of a user."""

from __future__ import annotations

import inspect
from typing import Any

from locust import TaskSet, User

from explain_monitor import Monitor


class Noted:
    """A scenario's wait_time that also tells the monitor which pauses it asks for.

    Locust takes any callable, and calls what it gets from the user or the task set: a function is bound to it, a static
    method, a partial or an object is not. So this hands out whatever the original would.
    """

    def __init__(self, original: Any, monitor: Monitor) -> None:
        self.original = original
        self.monitor = monitor

    def __get__(self, instance: Any, owner: type) -> Any:
        bound = getattr(type(self.original), "__get__", None)
        wait = self.original if bound is None else bound(self.original, instance, owner)
        if instance is None or not callable(wait):
            return wait

        def noted(*args: Any) -> Any:
            seconds = wait(*args)
            if isinstance(seconds, (int, float)):
                self.monitor.wanted(seconds)
            return seconds

        return noted


def pause_before(greenlet: Any, now: float, response_ms: float) -> float | None:
    """Return for how long a user had done nothing before a request that ends now, in ms; None for a first request.

    A user is a greenlet; another kind of caller has no pauses.
    """
    try:
        before, greenlet.explain_last = getattr(greenlet, "explain_last", None), now
    except AttributeError:
        return None
    return None if before is None else max(0.0, (now - before) * 1e3 - response_ms)


def paced_rps(user_classes: list[type[User]], users: int) -> float | None:
    """Return the rate that the users are to keep, in 1/s; None unless all have Locust's pacing of the same length.

    Locust keeps the length in a closure only.
    """
    paces: set[Any] = set()
    for user_class in user_classes:
        wait = original(user_class)
        if not getattr(wait, "__qualname__", "").startswith("constant_pacing."):
            return None
        paces.update(cell.cell_contents for cell in wait.__closure__ or ())
    pace = paces.pop() if len(paces) == 1 else None
    return users / pace if isinstance(pace, (int, float)) and pace > 0 else None


def original(owner: type) -> Any:
    """Return the scenario's own wait_time as it stands in the class."""
    wait = inspect.getattr_static(owner, "wait_time", None)
    return wait.original if isinstance(wait, Noted) else wait


def note_waits(user_class: type[User], monitor: Monitor) -> None:
    """Have a user class and its task sets tell the monitor which pauses they ask for."""
    note(user_class, monitor)
    tasks: list[Any] = list(user_class.tasks)
    seen: set[Any] = set()
    while tasks:
        task = tasks.pop()
        if inspect.isclass(task) and issubclass(task, TaskSet) and task not in seen:
            seen.add(task)
            tasks += task.tasks
            # Locust's own asks the user, who is noted already.
            if original(task) is not original(TaskSet):
                note(task, monitor)


def note(owner: Any, monitor: Monitor) -> None:
    """Have one class tell the monitor; a second test of the same process has done so already."""
    if (wait := original(owner)) is not None and callable(getattr(owner, "wait_time", None)):
        owner.wait_time = Noted(wait, monitor)
