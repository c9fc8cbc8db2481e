"""What is kept of gunicorn's workers: what each said first and last, and in each stretch of the run.

A worker's counters only grow, and it says by its own clock when it read them. So the slots that were busy between two
of its responses are the growth of `held` by that of its clock, and the cores that of `cpu`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from explain_server_timing import Origin, Served, Timing

# Two instances may have workers of the same pid: the instance, and the pid there.
WorkerId = tuple[str, int]

# A worker reads its counters at most this often, so a response may say what was true that much earlier.
OLD_SECONDS = 0.05
SUMS = ("requests", "app_ms", "response_ms", "queue_ms", "queued")


class Said(NamedTuple):
    """A worker's counters at one moment.

    Attributes:
        at: when, in s: by its own clock, or its CPU counter in place of one.
        cpu, held, served, rss_mb: CPU seconds, slot-seconds, requests that had got a slot, and resident MB.
    """

    at: float
    cpu: float
    held: float
    served: int
    rss_mb: float


def said_by(timing: Timing) -> Said:
    """Return what a response said of its worker."""
    at = timing.cpu_seconds if timing.at is None else timing.at
    return Said(at, timing.cpu_seconds, timing.held_seconds, timing.served, timing.rss_mb)


class Worker:
    """One gunicorn worker.

    Attributes:
        setting: as it says it; mixed: whether it has said another one, too.
        origin: where it runs.
        clocked: whether it says by which clock its counters were read; an older header does not.
        gil: whether its Python has one.
        requests: number of responses.
        app_ms: their wall time in the app, in ms.
        response_ms: their response times, in ms.
        queue_ms, queued: their time in the queue, in ms, and of how many it is known.
        first, last: what it said.
        born_after, born_before: in s since the window's start, between which two moments its clock was 0, by all of
            its responses. If the first is after the second, they are not from one worker, or not from when they came.
    """

    __slots__ = (
        "app_ms",
        "born_after",
        "born_before",
        "clocked",
        "first",
        "gil",
        "last",
        "mixed",
        "origin",
        "queue_ms",
        "queued",
        "requests",
        "response_ms",
        "setting",
    )

    def __init__(self, setting: Served, origin: Origin, clocked: bool, gil: bool, first: Said) -> None:
        self.setting = setting
        self.origin = origin
        self.clocked = clocked
        self.gil = gil
        self.mixed = False
        self.requests = self.queued = 0
        self.app_ms = self.response_ms = self.queue_ms = 0.0
        self.first = self.last = first
        self.born_after, self.born_before = -1e9, 1e9

    def merge(self, other: Worker) -> None:
        """Add what another process saw of the same worker, or this one at another time."""
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        self.clocked = self.clocked and other.clocked
        self.mixed = self.mixed or other.mixed or self.setting != other.setting
        self.born_after = max(self.born_after, other.born_after)
        self.born_before = min(self.born_before, other.born_before)

    def to_list(self) -> list[Any]:
        """Return what `from_list` takes."""
        facts = [list(self.setting), list(self.origin), self.clocked, self.gil, list(self.first), list(self.last)]
        sums = [getattr(self, name) for name in SUMS]
        return [*facts, self.mixed, self.born_after, self.born_before, *sums]

    @classmethod
    def from_list(cls, data: list[Any]) -> Worker:
        """Return the worker that `to_list` was called on."""
        setting, origin, clocked, gil, first, last, mixed, born_after, born_before, *sums = data
        made = cls(Served(*setting), Origin(*origin), clocked, gil, Said(*first))
        made.last, made.mixed, made.born_after, made.born_before = Said(*last), mixed, born_after, born_before
        for name, value in zip(SUMS, sums, strict=True):
            setattr(made, name, value)
        return made


class Bin:
    """What ended within one stretch of the run: the sums that the plots are drawn from."""

    __slots__ = ("app_ms", "delay_ms", "queue_ms", "requests", "response_ms", "said", "timed")

    def __init__(self) -> None:
        self.requests = 0
        self.timed = 0
        self.response_ms = 0.0  # of the requests with a header, since they were sent
        self.delay_ms = 0.0  # of these, before that
        self.app_ms = 0.0
        self.queue_ms = 0.0  # where it is known
        self.said: dict[WorkerId, Said] = {}  # the last of the stretch

    def merge(self, other: Bin) -> None:
        """Add what another process saw in the same stretch, or what the next stretch holds."""
        self.requests += other.requests
        self.timed += other.timed
        self.response_ms += other.response_ms
        self.app_ms += other.app_ms
        self.queue_ms += other.queue_ms
        self.delay_ms += other.delay_ms
        for worker, said in other.said.items():
            if worker not in self.said or said > self.said[worker]:
                self.said[worker] = said

    def to_list(self) -> list[Any]:
        """Return what `from_list` takes."""
        sums = [self.requests, self.timed, self.response_ms, self.app_ms, self.queue_ms, self.delay_ms]
        return [*sums, [[list(worker), list(said)] for worker, said in self.said.items()]]

    @classmethod
    def from_list(cls, data: list[Any]) -> Bin:
        """Return the bin that `to_list` was called on."""
        made = cls()
        made.requests, made.timed, made.response_ms, made.app_ms, made.queue_ms, made.delay_ms, said = data
        made.said = {tuple(worker): Said(*values) for worker, values in said}
        return made
