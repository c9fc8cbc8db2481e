"""How far another window of the same run could differ from this one by chance: what a comparison must allow for.

The rate by the stretches of the window, the 95th percentile by the ranks of the requests around it. What differs from
one run to the next for other reasons (which worker a connection lands on, what else the machine does) is in neither.
"""

from __future__ import annotations

import math
from statistics import stdev

from explain_histogram import Histogram
from explain_tally import Tally
from explain_types import Spread
from explain_words import rounded

FEWEST, MOST = 4, 20  # stretches: fewer say nothing of a spread, and more only cost requests in each
# A stretch of two response times has requests of its own, so that each is new evidence.
CYCLES = 2
SIGMAS = 2.0  # some 95 % of all windows


def spread_of(tally: Tally, seconds: float) -> Spread:
    """Return between which figures the rate and the 95th percentile are known; None where the window is too short."""
    response = tally.response
    half = rate_error(tally, seconds, response.mean or 0.0)
    rate = tally.requests / seconds if seconds > 0 else 0.0
    low, high = around(response, 95)
    return Spread(
        rps_low=None if half is None else rounded(max(0.0, rate - half)),
        rps_high=None if half is None else rounded(rate + half),
        p95_low_ms=None if low is None else rounded(low),
        p95_high_ms=None if high is None else rounded(high),
    )


def rate_error(tally: Tally, seconds: float, response_ms: float) -> float | None:
    """Return how far the rate may be off, in 1/s, by how much it differs between stretches of the window."""
    whole = int(seconds) // tally.width
    each = max(1, math.ceil(CYCLES * response_ms / 1e3 / tally.width), math.ceil(whole / MOST))
    stretches = whole // each
    if stretches < FEWEST:
        return None
    rates = [
        sum(part.requests for number in range(start, start + each) if (part := tally.bins.get(number)))
        / (each * tally.width)
        for start in range(0, stretches * each, each)
    ]
    # Few stretches know their own spread badly: the factor is Student's, to some per cent.
    return (SIGMAS + 4 / (stretches - 1)) * stdev(rates) / math.sqrt(stretches)


def around(times: Histogram, percent: float) -> tuple[float | None, float | None]:
    """Return between which values a percentile lies, if the requests are taken for independent of each other."""
    share, number = percent / 100, times.count
    if not number:
        return None, None
    off = SIGMAS * math.sqrt(share * (1 - share) / number)
    if share + off >= 1:  # even the longest of so few may lie below it
        return None, None
    return times.percentile(100 * (share - off)), times.percentile(100 * (share + off))
