"""Requests that a user sends before its tasks, in on_start, as a login: counted like any other, but told apart.

They are of the load, and of what the server does; but few scenarios mean them when they ask how long requests take.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import gevent
from locust import User

from explain_run import Explanation


class Noted:
    """A scenario's on_start that says of the user's greenlet that it runs; bound as the original would be."""

    def __init__(self, original: Any) -> None:
        self.original = original

    def __get__(self, instance: Any, owner: type) -> Any:
        bound = getattr(type(self.original), "__get__", None)
        run = self.original if bound is None else bound(self.original, instance, owner)
        if instance is None or not callable(run):
            return run

        def noted(*args: Any, **options: Any) -> Any:
            greenlet: Any = gevent.getcurrent()
            greenlet.explain_starts = True
            try:
                return run(*args, **options)
            finally:
                greenlet.explain_starts = False

        return noted


def note_starts(user_classes: Iterable[Any]) -> None:
    """Have user classes say when they run on_start; a second test of the same process has done so already."""
    for user_class in user_classes:
        original = inspect.getattr_static(user_class, "on_start")
        if not isinstance(original, Noted) and original is not User.on_start:
            user_class.on_start = Noted(original)


def yet_to_begin(greenlets: Iterable[Any]) -> bool:
    """Whether there is a user, among those that Locust runs in these, who is in on_start, or still to come to it."""
    return any(
        greenlet.args  # else it has ended
        and isinstance(inspect.getattr_static(type(greenlet.args[0]), "on_start"), Noted)
        and getattr(greenlet, "explain_starts", True)
        for greenlet in greenlets
    )


def on_request(explanation: Explanation, response_time: float | None = None, **_others: Any) -> None:
    """Count a request of a window if its user is in on_start."""
    if explanation.counting and response_time is not None and getattr(gevent.getcurrent(), "explain_starts", False):
        explanation.monitor.started(response_time)
