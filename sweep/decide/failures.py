"""How many requests fail, against how many fail anyway.

An app in which 5 % of all requests fail at every setting is swept like any other: a setting fails if more of its
requests do than of a single user's and of the best other setting's, by more than chance and by more than a little.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from explain_laws import Setting
from explain_types import Analysis
from sweep.records import Info, Run

# Standard deviations, as there are some ten settings to be wrong about.
SURE = 3.0
# What is less than this beyond the base is worth no other setting.
LITTLE, TIMES = 0.005, 1.5


class Count(NamedTuple):
    """Requests, and how many of them failed."""

    requests: int = 0
    failed: int = 0

    @classmethod
    def of(cls, analysis: Analysis) -> Count:
        """Return those of a run."""
        return cls(analysis.load.requests, analysis.load.failures)

    @property
    def share(self) -> float:
        """How many failed, 0 to 1."""
        return self.failed / self.requests if self.requests else 0.0

    def plus(self, other: Count) -> Count:
        """Return both together."""
        return Count(self.requests + other.requests, self.failed + other.failed)

    def above(self, base: Count) -> bool:
        """Whether more fail than of another's requests, be it by chance."""
        there = bool(self.requests and base.requests)
        return there and self.share > TIMES * base.share + LITTLE

    def beyond(self, base: Count) -> bool:
        """Whether more fail than of another's requests, by more than chance; of few requests, chance is much."""
        return self.above(base) and self.surely_more(base)

    def surely_more(self, base: Count) -> bool:
        """Whether more fail than of another's requests by more than chance, be it by a little."""
        if not self.requests or not base.requests:
            return False
        pooled = self.plus(base).share
        deviation = math.sqrt(pooled * (1 - pooled) * (1 / self.requests + 1 / base.requests))
        return self.share - base.share > SURE * deviation


def counted(runs: Iterable[Run]) -> Count:
    """Return the requests of runs that have figures."""
    loads = [run.analysis.load for run in runs if run.ok and run.analysis]
    return Count(sum(load.requests for load in loads), sum(load.failures for load in loads))


def base_for(setting: Setting, counts: Mapping[Setting, Count], info: Info) -> Count:
    """Return what a setting's failures are compared with: the probe's, and those of the best other setting if fewer."""
    probe = Count.of(info.unloaded) if info.unloaded else Count()
    others = [count for count in counts.values() if count.requests and count.share < counts[setting].share]
    return probe.plus(min(others, key=lambda count: count.share, default=Count()))
