"""What became of arrivals that do not wait for answers.

Each is due at a moment that is known before anything answers, and its time counts from then. What begins late, because
there was no user left to begin it, is therefore as slow as it was for the one who came. A load whose users wait for
answers leaves that out: Gil Tene calls it coordinated omission.
"""

from __future__ import annotations

from typing import NamedTuple

# With so few of the arrivals held back, the load still counts as open.
HELD_BACK = 0.01


class Arrivals(NamedTuple):
    """What became of the arrivals at one process, or at all of them, within a stretch of time.

    Attributes:
        asked: their rate as it was asked for, in 1/s; 0 where the load is that of users who wait.
        due: how many were due.
        begun: how many tasks began, those that were due before included; ended: how many ended.
        held_back: how many of these had to wait for one of the users to become free, as there may be no more of them.
        held_ms: sum of the times for which they waited.
        late_ms: sum of the delays of the others, who were late only as Locust was, or a new user's `on_start`.
        left: how many were due and had not begun at the end; under_way: how many had begun and not ended.
        users_most: how many users were in a task at a time, at most.
        users_allowed: how many there may be.
        user_seconds: time that users spent in tasks.
    """

    asked: float = 0.0
    due: int = 0
    begun: int = 0
    ended: int = 0
    held_back: int = 0
    held_ms: float = 0.0
    late_ms: float = 0.0
    left: int = 0
    under_way: int = 0
    users_most: int = 0
    users_allowed: int = 0
    user_seconds: float = 0.0

    def plus(self, later: Arrivals) -> Arrivals:
        """Return the arrivals of this stretch and a later one at the same process."""
        most = max(self.users_most, later.users_most)
        return self.beside(later)._replace(
            asked=later.asked,
            left=later.left,
            under_way=later.under_way,
            users_most=most,
            users_allowed=later.users_allowed,
        )

    def beside(self, other: Arrivals) -> Arrivals:
        """Return the arrivals of two processes at the same time."""
        return Arrivals._make(one + two for one, two in zip(self, other, strict=True))

    @property
    def is_open(self) -> bool:
        """Whether there is a rate that was asked for."""
        return self.asked > 0

    @property
    def waited_for_users(self) -> bool:
        """Whether so many were held back that the load was that of users who wait."""
        return self.held_back + self.left > max(1, HELD_BACK * self.due)

    @property
    def lag_ms(self) -> float:
        """How late the others began, on average."""
        return self.late_ms / max(1, self.begun - self.held_back)
