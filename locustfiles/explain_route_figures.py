"""What the requests of each name come to."""

from __future__ import annotations

import math
from typing import NamedTuple

from explain_first import LONGER
from explain_histogram import Histogram, middle
from explain_routes import Route
from explain_tally import Tally
from explain_types import RouteFigures

# A route's requests wait inside the app if even its quick ones take so many times what the quick ones took at rest. Of
# many requests these are known well; of the first few, the second quickest is no mere chance, if a quarter is not far.
QUICK_PERCENT = 5
SLOWED, FAR = 2.0, 1.6
SLOWED_MS = 5.0
LEAST_AT_REST, LEAST_LATER = 3, 20
# Or if they take so many times what two fifths of those at rest took, or half of all what nearly all of those did: of
# so many, that is no chance.
QUICKER, BEYOND, LEAST_USUAL = 1.2, 1.3, 8
# Three standard deviations of what twelve times in any order come to, and of what twelve come to beside many.
RISING, LONGER_NOW = 0.6, 0.5
# What is less likely than this is no chance.
BY_CHANCE = 0.001
LEAST_GAPS, LEAST_AT_ONCE = 60, 4
# A gap is short below so many of the mean one; so many standard deviations fewer of them than chance makes are none.
SHORT, SURE = 0.25, 3.5
# Closer together than this Locust itself cannot see two ends: it takes as long for a request.
LEAST_SHORT_MS = 2.0
# Of the slots' time, what may be nobody's.
NOBODYS = 0.20


class Start(NamedTuple):
    """Times in the app, in s, of the quick requests of the same routes in the same shares.

    Attributes:
        then: among the test's first ones.
        now: among all.
    """

    then: float
    now: float


def quick_at_rest(route: Route) -> float | None:
    """Return what the second quickest of a route's first requests took in the app, in ms; None if they are too few."""
    count = route.rest.count
    return route.rest.percentile(150 / count) if count >= LEAST_AT_REST else None


def later(route: Route) -> Histogram:
    """Return the times in the app of a route's requests without its first ones."""
    found = Histogram()
    for bucket, count in route.app.buckets.items():
        if (left := count - route.rest.buckets.get(bucket, 0)) > 0:
            found.buckets[bucket] = left
    return found


def quick_now(route: Route) -> float | None:
    """Return what the quick ones of a route's later requests take in the app, in ms; None if they are too few."""
    others = later(route)
    return others.percentile(QUICK_PERCENT) if others.count >= LEAST_LATER else None


def longer_now(route: Route) -> float:
    """Return the share of the pairs of a first and a later request of which the later one takes longer, less others."""
    others, first = later(route), route.rest
    pairs = others.count * first.count
    signs = (
        one * other * ((now > LONGER * then) - (then > LONGER * now))
        for then, one in ((middle(bucket), count) for bucket, count in first.buckets.items())
        for now, other in ((middle(bucket), count) for bucket, count in others.buckets.items())
    )
    return sum(signs) / pairs if pairs else 0.0


def route_figures(tally: Tally, held_ms: float | None) -> tuple[RouteFigures, ...]:
    """Return the figures of each route, the one that holds the slots longest first.

    Args:
        tally: the requests.
        held_ms: slot-time of all of them, in ms; None if unknown.

    What the slots were held beyond the time in the app is the writing of answers: it is split as the wire is, on
    which a client sees the same. Where clients saw less of it, as of answers that they read after their times had
    ended, nobody knows whose it is.
    """
    app_ms = sum(route.app.total for route in tally.routes.values())
    wire_ms = sum(route.wire_ms for route in tally.routes.values())
    written = max(0.0, (held_ms or 0.0) - app_ms) if wire_ms else 0.0
    whole = app_ms + written
    known = whole > 0 and written - wire_ms <= NOBODYS * whole
    found = []
    for name, route in tally.routes.items():
        timed = route.app.count
        held = route.app.total + (written * route.wire_ms / wire_ms if written else 0.0)
        found.append(
            RouteFigures(
                name=name,
                requests=route.response.count,
                failures=route.failures,
                p50_ms=route.response.percentile(50),
                p95_ms=route.response.percentile(95),
                queue_ms=route.queue_ms / route.queued if route.queued else None,
                app_ms=route.app.mean,
                app_quick_ms=quick_now(route),
                app_start_ms=quick_at_rest(route),
                cpu_ms=route.cpu_ms / timed if timed else None,
                held_share=held / whole if timed and known else None,
                landed_on=route.landed_on,
            )
        )
    return tuple(sorted(found, key=lambda route: (-(route.held_share or 0.0), -route.requests, route.name)))


def at_rest(tally: Tally) -> Start | None:
    """Return what quick requests take in the app at the start, and now.

    None unless what is known at the start makes up half of the time in the app.
    """
    known = [
        (route.app.count, then, now)
        for route in tally.routes.values()
        if (then := quick_at_rest(route)) is not None and (now := quick_now(route)) is not None
    ]
    told = sum(route.app.total for route in tally.routes.values() if quick_at_rest(route) is not None)
    requests = sum(count for count, *_ in known)
    if not requests or told < 0.5 * tally.app.total:
        return None
    then, now = (sum(one[0] * one[place] for one in known) / requests / 1e3 for place in (1, 2))
    return Start(then, now)


def one_by_one(route: Route) -> bool:
    """Whether a route's requests end one after the other though many are in the app and take differently long.

    All of them do where the workers share what lets them through, those of the same worker where each has its own.
    """
    app = route.app
    differ = (app.percentile(75) or 0.0) >= SLOWED * (app.percentile(QUICK_PERCENT) or 0.0)
    return differ and any(
        (app.mean or 0.0) >= LEAST_AT_ONCE * (gaps.mean or 0.0) and is_regular(gaps)
        for gaps in (route.gaps, route.own_gaps)
    )


def is_regular(gaps: Histogram) -> bool:
    """Whether hardly any of the gaps between the ends of requests are short.

    What does not wait for others ends at any time, and a fifth of the gaps is shorter than a quarter of the mean one.
    What a lock lets through ends as far apart as it is held, whoever is next.
    """
    count = gaps.count
    if count < LEAST_GAPS or SHORT * gaps.total / count < LEAST_SHORT_MS:
        return False
    short = sum(number for bucket, number in gaps.buckets.items() if middle(bucket) < SHORT * gaps.total / count)
    chance = 1 - math.exp(-SHORT)
    return short / count <= min(chance / 2, chance - SURE * math.sqrt(chance * (1 - chance) / count))


def slowed(route: Route) -> float:
    """Return by how much a route's requests are delayed inside the app, in ms; 0 unless most or the quick ones are.

    At half of the CPU, which is where nobody looks any more, requests wait for it as long as they use it.
    """
    then, now, rest = quick_at_rest(route), quick_now(route), route.rest
    if then is None or now is None:
        return 0.0
    quarter, some, most = (rest.percentile(percent) or 0.0 for percent in (25, 40, 80))
    found = now >= max(SLOWED * then, then + SLOWED_MS, FAR * quarter)
    if rest.count >= LEAST_USUAL:
        found |= now >= max(QUICKER * some, some + SLOWED_MS)
        found |= (route.app.percentile(50) or 0.0) >= max(BEYOND * most, most + SLOWED_MS)
        mean = rest.mean or 0.0
        longer = (route.app.mean or 0.0) >= max(BEYOND * mean, mean + SLOWED_MS)
        found |= longer and (route.rising >= RISING or longer_now(route) >= LONGER_NOW)
    long = (route.app.mean or 0.0) >= max(BEYOND * then, then + SLOWED_MS)
    found |= one_by_one(route) or (long and route.in_turn <= BY_CHANCE)
    return max(0.0, ((route.app.total - route.cpu_ms) / route.app.count) - then) if found else 0.0


def inside_share(tally: Tally) -> float:
    """Return the share of the time in the app that requests wait inside it."""
    waited = sum(slowed(route) * route.app.count for route in tally.routes.values())
    return waited / tally.app.total if tally.app.total > 0 else 0.0
