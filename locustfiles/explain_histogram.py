"""Percentiles exact to 1 % at constant memory, and mergeable.

A value falls into a bucket whose borders grow by 1 %, so that a percentile is known to ±0.5 % whatever its
size. Locust's own histogram rounds to two digits, which is ±5 % at 100 ms. The idea is DDSketch's (Masson,
Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch", VLDB 2019).
"""

from __future__ import annotations

import math
from math import log
from typing import Any

GROWTH = 1.01  # of one bucket's border over the one before
LEAST = 1e-3  # what lies below counts as 0
MOST = 1e9  # what lies above counts as this; in ms that is 11 days
SCALE = 1 / math.log(GROWTH)
OFFSET = 1 - math.log(LEAST) * SCALE  # the first border is LEAST


def middle(bucket: int) -> float:
    """Return the value that is as far from a bucket's lower border as from its upper one, in percent."""
    return LEAST * GROWTH ** (bucket - 1) * 2 * GROWTH / (1 + GROWTH) if bucket else 0.0


class Histogram:
    """Counts of values of 0 or more; at most 2778 buckets.

    Attributes:
        buckets: number of values by bucket; bucket 0 holds the zeros.
        total: their exact sum.
    """

    __slots__ = ("buckets", "total")

    def __init__(self) -> None:
        self.buckets: dict[int, int] = {}
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count one value; a negative one or a NaN counts as 0."""
        if value > LEAST:
            if value > MOST:  # noqa: PLR1730 # min() would take a third of the whole
                value = MOST
            bucket = int(log(value) * SCALE + OFFSET)
            self.total += value
        else:
            bucket = 0
        try:
            self.buckets[bucket] += 1
        except KeyError:
            self.buckets[bucket] = 1

    def merge(self, other: Histogram) -> None:
        """Count all that the other one has counted."""
        for bucket, count in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count
        self.total += other.total

    @property
    def count(self) -> int:
        """Number of values."""
        return sum(self.buckets.values())

    @property
    def mean(self) -> float | None:
        """The exact mean, None without a value."""
        return self.total / self.count if self.buckets else None

    @property
    def lasting(self) -> float | None:
        """The mean of the times that are under way at any moment: long ones are so for longer. None without a value."""
        total = squares = 0.0
        for bucket, count in self.buckets.items():
            total += count * middle(bucket)
            squares += count * middle(bucket) ** 2
        return squares / total if total else None

    def percentile(self, percent: float) -> float | None:
        """Return the value that `percent` of the values do not exceed (nearest rank), to ±0.5 %; None without any."""
        if not self.buckets:
            return None
        rank = max(1, math.ceil(percent / 100 * self.count))
        seen = 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= rank:
                break
        return middle(bucket)

    def to_dict(self) -> dict[str, Any]:
        """Return what `from_dict` takes, of types that msgpack and JSON know."""
        return {"buckets": list(self.buckets.items()), "total": self.total}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Histogram:
        """Return the histogram that `to_dict` was called on."""
        histogram = cls()
        histogram.buckets = {int(bucket): int(count) for bucket, count in data["buckets"]}
        histogram.total = float(data["total"])
        return histogram
