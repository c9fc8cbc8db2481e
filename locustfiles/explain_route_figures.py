"""What the requests of each name come to."""

from __future__ import annotations

from typing import NamedTuple

from explain_routes import Route
from explain_tally import Tally
from explain_types import RouteFigures

# A route's requests are delayed inside the app if even its quick ones take so many times what they take at rest.
QUICK_PERCENT = 25
SLOWED = 2.0
SLOWED_MS = 5.0
LEAST_AT_REST = 2


def route_figures(tally: Tally, held_ms: float | None) -> tuple[RouteFigures, ...]:
    """Return the figures of each route, the one that holds the slots longest first.

    Args:
        tally: the requests.
        held_ms: slot-time of all of them, in ms; None if unknown.

    What the slots were held beyond the time in the app is the writing of answers: it is split as the wire is, on
    which a client sees the same.
    """
    app_ms = sum(route.app.total for route in tally.routes.values())
    wire_ms = sum(route.wire_ms for route in tally.routes.values())
    written = max(0.0, (held_ms or 0.0) - app_ms) if wire_ms else 0.0
    whole = app_ms + written
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
                app_start_ms=route.rest.mean,
                cpu_ms=route.cpu_ms / timed if timed else None,
                held_share=held / whole if timed and whole > 0 else None,
            )
        )
    return tuple(sorted(found, key=lambda route: (-(route.held_share or 0.0), -route.requests, route.name)))


class Start(NamedTuple):
    """Times in the app, in s, of the same routes in the same shares.

    Attributes:
        mean, least: of the test's first requests.
        now: mean of all.
    """

    mean: float
    least: float
    now: float


def at_rest(tally: Tally) -> Start | None:
    """Return what requests take in the app at the start, and now.

    None unless what is known at the start makes up half of the time in the app.
    """
    known = [route for route in tally.routes.values() if route.rest.buckets and route.app.buckets]
    requests, app_ms = sum(route.app.count for route in known), sum(route.app.total for route in known)
    if not requests or app_ms < 0.5 * tally.app.total:
        return None
    mean = sum((route.rest.mean or 0.0) * route.app.count for route in known)
    least = sum((route.rest.percentile(0) or 0.0) * route.app.count for route in known)
    return Start(mean / requests / 1e3, least / requests / 1e3, app_ms / requests / 1e3)


def slowed(route: Route) -> float:
    """Return by how much a route's requests are delayed inside the app, in ms; 0 unless nearly all of them are.

    The quick ones are looked at, as a few slow requests have always been slow, and at the start few were seen.
    """
    rest, quick = route.rest.mean, route.app.percentile(QUICK_PERCENT)
    if route.rest.count < LEAST_AT_REST or rest is None or quick is None:
        return 0.0
    return quick - rest if quick >= max(SLOWED * rest, rest + SLOWED_MS) else 0.0


def inside_share(tally: Tally) -> float:
    """Return the share of the time in the app that requests wait inside it."""
    waited = sum(slowed(route) * route.app.count for route in tally.routes.values())
    return waited / tally.app.total if tally.app.total > 0 else 0.0
