"""What the thresholds look at: all that Locust counts, from the end of the first ramp to the end of the test."""

from __future__ import annotations

from typing import Any

from explain_histogram import Histogram
from explain_tally import Tally


class Totals:
    """Numbers and response times of all events, of whatever kind.

    Attributes:
        failures: how many failed.
        response: response times of all, in ms.
    """

    def __init__(self) -> None:
        self.failures = 0
        self.response = Histogram()

    @property
    def requests(self) -> int:
        """How many there were."""
        return self.response.count

    def add(self, response_ms: float, failed: bool) -> None:
        """Count one event."""
        self.response.add(response_ms)
        self.failures += failed

    def add_tally(self, tally: Tally) -> None:
        """Count a window's requests."""
        self.failures += tally.failures
        self.response.merge(tally.response)

    def merge(self, other: Totals) -> None:
        """Add what another process has counted."""
        self.failures += other.failures
        self.response.merge(other.response)

    def to_list(self) -> list[Any]:
        """Return what `from_list` takes."""
        return [self.failures, self.response.to_dict()]

    @classmethod
    def from_list(cls, data: list[Any]) -> Totals:
        """Return the totals that `to_list` was called on."""
        made = cls()
        made.failures, made.response = data[0], Histogram.from_dict(data[1])
        return made
