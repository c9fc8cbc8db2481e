"""When arrivals are due, and a count of what becomes of them.

They come at random, as a Poisson process: how many come in one stretch of time says nothing of the next one. Several
such processes side by side are one whose rate is the sum of theirs.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable

from explain_arrivals import Arrivals


class Schedule:
    """The moments at which arrivals are due, in s since the start.

    Attributes:
        rate: of the arrivals after the ramp, in 1/s.
        ramp_s: for so long their rate rises from 0.
        at: the latest moment.
    """

    def __init__(self, rate: float, ramp_s: float = 0.0, seed: str | None = None) -> None:
        self.rate, self.ramp_s = rate, ramp_s
        self.chance = random.Random(seed)  # noqa: S311 no secret
        self.at = self.expected = 0.0

    def next(self) -> float:
        """Return the next moment.

        The number of arrivals that are expected until then grows by 1 on average, whatever the rate does meanwhile.
        """
        self.expected += self.chance.expovariate(1.0)
        in_ramp = self.rate * self.ramp_s / 2
        if self.expected < in_ramp:
            self.at = math.sqrt(2 * self.expected * self.ramp_s / self.rate)
        else:
            self.at = self.ramp_s + (self.expected - in_ramp) / self.rate
        return self.at


class Ledger:
    """Counts what becomes of arrivals, in one process.

    Attributes:
        asked, users_allowed: as in Arrivals.
        busy: how many users are in a task.
        waiting: how many arrivals are due and have not begun.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.asked = 0.0
        self.users_allowed = self.busy = self.waiting = 0
        self.start()

    def start(self) -> None:
        """Begin to count anew; what is under way stays so."""
        self.due = self.begun = self.ended = self.held_back = 0
        self.held_ms = self.late_ms = self.user_seconds = 0.0
        self.most, self.changed = self.busy, self.clock()

    def arrived(self) -> None:
        """Count an arrival when it is due."""
        self.due += 1
        self.waiting += 1

    def begins(self, due: float, held_back: bool) -> float:
        """Count the beginning of its task, and return the delay, in s."""
        self.change(1)
        delay = max(0.0, self.changed - due)
        self.waiting -= 1
        self.begun += 1
        if held_back:
            self.held_back += 1
            self.held_ms += delay * 1e3
        else:
            self.late_ms += delay * 1e3
        return delay

    def ends(self) -> None:
        """Count the end of a task."""
        self.change(-1)
        self.ended += 1

    def change(self, by: int) -> None:
        """Note that so many more users are in a task."""
        now = self.clock()
        self.user_seconds += self.busy * (now - self.changed)
        self.changed = now
        self.busy += by
        self.most = max(self.most, self.busy)

    def peek(self) -> Arrivals:
        """Return what was counted so far."""
        self.change(0)
        return Arrivals(
            asked=self.asked,
            due=self.due,
            begun=self.begun,
            ended=self.ended,
            held_back=self.held_back,
            held_ms=self.held_ms,
            late_ms=self.late_ms,
            left=self.waiting,
            under_way=self.busy,
            users_most=self.most,
            users_allowed=self.users_allowed,
            user_seconds=self.user_seconds,
        )
