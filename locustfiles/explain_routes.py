"""What is kept of the requests of one name."""

from __future__ import annotations

from typing import Any

from explain_histogram import Histogram

MOST_ROUTES = 50  # names; one that has an id in it would have no end of them
MOST_ENDS = 10_000  # that are looked at: more tell no more of how regular they are
FURTHER = "others"  # the name under which all further ones are counted
SUMS = ("failures", "queued", "queue_ms", "wire_ms", "cpu_ms")
HISTOGRAMS = ("response", "app", "rest", "gaps", "own_gaps")


class Route:
    """The requests of one name, as Locust has it.

    Attributes:
        response: response times of all, in ms; app: times in the app of those with the header.
        rest: the same of the test's first requests, which found the app at rest.
        gaps: times between the ends of two of them, in ms; own_gaps: of two of the same worker.
        last: when the last one ended, in s; own_last: that of each worker, by pid; seen: how many were looked at.
        in_turn: how likely it is that the first ones ended as evenly by chance.
        landed_on: the route to which most of those were redirected, whose times are in these; "" for none.
        rising: share of the pairs of those of which the later one took longer, less that of the others.
        failures: number.
        queued: how many said how long they had waited.
        queue_ms, wire_ms, cpu_ms: sums, in ms.
    """

    __slots__ = (
        *("app", "cpu_ms", "failures", "gaps", "in_turn", "landed_on", "last", "own_gaps", "own_last", "queue_ms"),
        *("queued", "response", "rest", "rising", "seen", "wire_ms"),
    )

    def __init__(self) -> None:
        self.response, self.app, self.rest = Histogram(), Histogram(), Histogram()
        self.gaps, self.own_gaps = Histogram(), Histogram()
        self.last: float | None = None
        self.own_last: dict[int, float] = {}
        self.rising, self.in_turn, self.landed_on = 0.0, 1.0, ""
        self.failures = self.queued = self.seen = 0
        self.queue_ms = self.wire_ms = self.cpu_ms = 0.0

    def ended(self, at: float, pid: int) -> None:
        """Note when one ended, in the order in which they do, and which worker answered it."""
        if self.seen > MOST_ENDS:
            return
        self.seen += 1
        if self.last is not None:
            self.gaps.add((at - self.last) * 1e3)
        self.last = at
        if (before := self.own_last.get(pid)) is not None:
            self.own_gaps.add((at - before) * 1e3)
        self.own_last[pid] = at

    def merge(self, other: Route) -> None:
        """Add what another process saw of the same name."""
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in HISTOGRAMS:
            getattr(self, name).merge(getattr(other, name))

    def to_list(self) -> list[Any]:
        """Return what `from_list` takes."""
        return [[getattr(self, name) for name in SUMS], *(getattr(self, name).to_dict() for name in HISTOGRAMS)]

    @classmethod
    def from_list(cls, data: list[Any]) -> Route:
        """Return the route that `to_list` was called on."""
        made, (sums, *histograms) = cls(), data
        for name, value in zip(SUMS, sums, strict=True):
            setattr(made, name, value)
        for name, histogram in zip(HISTOGRAMS, histograms, strict=True):
            setattr(made, name, Histogram.from_dict(histogram))
        return made
