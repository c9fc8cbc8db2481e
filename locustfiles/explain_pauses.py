"""The pauses that a scenario asks for, between the requests of a user."""

from __future__ import annotations

from typing import Any

from locust import User

from explain_monitor import Monitor


def paced_rps(user_classes: list[type[User]], users: int) -> float | None:
    """Return the rate that the users are to keep, in 1/s; None unless all have Locust's pacing of the same length.

    Locust keeps the length in a closure only.
    """
    paces: set[Any] = set()
    for user_class in user_classes:
        wait = unwrapped(vars(user_class).get("wait_time"))
        if not getattr(wait, "__qualname__", "").startswith("constant_pacing."):
            return None
        paces.update(cell.cell_contents for cell in wait.__closure__ or ())
    pace = paces.pop() if len(paces) == 1 else None
    return users / pace if isinstance(pace, (int, float)) and pace > 0 else None


def unwrapped(wait: Any) -> Any:
    """Return the scenario's own wait_time."""
    return getattr(wait, "explain_original", wait)


def note_waits(user_class: type[User], monitor: Monitor) -> None:
    """Have a user class's wait_time tell the monitor which pauses it asks for."""
    wait: Any = user_class.wait_time
    if hasattr(wait, "explain_original"):
        return

    def noted(user: User) -> float:
        seconds: float = wait(user)
        monitor.wanted(seconds)
        return seconds

    noted.explain_original = wait  # type: ignore[attr-defined] # a function takes attributes
    user_class.wait_time = noted
