"""What is kept of the requests: sums and histograms, so memory does not grow with their number.

A tally can be merged with another one and sent to another process, and merging is exact: tallies of the parts
give the same as one tally of the whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from explain_histogram import Histogram
from explain_record import Record
from explain_routes import FURTHER, MOST_ROUTES, Route
from explain_server_timing import Served, Timing
from explain_workers import OLD_SECONDS, Bin, Worker, WorkerId, said_by

# Bounds on what grows with something else than the number of requests.
MOST_BINS = 600
MOST_WORKERS = 512  # there are more only if workers restart all the time (`max_requests`)
MOST_ERRORS = 20
OTHERS = ("", 0)  # under which requests of further workers are counted
# A response that is so much shorter than its time in the app was not made for this request; clocks may differ by less.
ROUNDED_MS = 2.0
SUMS = ("think_ms", "thinks", "shorter", "events", "stayed", "moved", "bound")
HISTOGRAMS = ("wait", "queue", "wire", "delay")
COUNTS = ("errors", "raised")


class Tally:
    """All that the laws need to know of a stretch of a run.

    Attributes:
        routes: by Locust's name; all that is counted of single requests is in them.
        wait, queue, wire: times in ms: what is not the app's; what of it is the queue's, and the rest, where known.
        delay: times in ms before that: from the moment at which a request was due until it was sent.
        think_ms, thinks: sum and number of the pauses of the users.
        events: how many events there were that are no HTTP request.
        shorter: how many responses took less time than they say that the app took.
        stayed, moved: how many had the same instance as their user's request before, and another one; bound: how many
            of both were sent with a cookie that asks for one.
        setting: gunicorn's setting, as the latest response had it.
        workers: by instance and pid.
        errors: number of failures by kind.
        raised: number of exceptions in users' own code by what they say, from the test's start; whoever asks for an
            analysis puts them here.
        first_wait_ms: typical wait of the test's first requests, which found free slots, in ms; None if unknown.
        width: how long a bin is, in s.
        bins: by number, counted from the window's start.
    """

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.wait, self.queue, self.wire, self.delay = Histogram(), Histogram(), Histogram(), Histogram()
        self.think_ms = 0.0
        self.thinks = self.shorter = self.events = self.stayed = self.moved = self.bound = 0
        self.setting: Served | None = None
        self.workers: dict[WorkerId, Worker] = {}
        self.errors: dict[str, int] = {}
        self.raised: dict[str, int] = {}
        self.first_wait_ms: float | None = None
        self.width = 1
        self.bins: dict[int, Bin] = {}

    @property
    def response(self) -> Histogram:
        """Response times of all requests, in ms."""
        return merged(route.response for route in self.routes.values())

    @property
    def app(self) -> Histogram:
        """Times in the app of the requests with a header, in ms."""
        return merged(route.app for route in self.routes.values())

    @property
    def requests(self) -> int:
        """Number of requests."""
        return sum(part.requests for part in self.bins.values())

    @property
    def timed(self) -> int:
        """Number of requests with a header."""
        return sum(part.timed for part in self.bins.values())

    @property
    def timed_response_ms(self) -> float:
        """Sum of the response times of the requests with a header, in ms."""
        return sum(part.response_ms for part in self.bins.values())

    @property
    def failures(self) -> int:
        """Number of failures."""
        return sum(route.failures for route in self.routes.values())

    @property
    def cpu_ms(self) -> float:
        """Sum of the threads' CPU times, in ms."""
        return sum(route.cpu_ms for route in self.routes.values())

    # --- counting -------------------------------------------------------------------------------

    def add(self, record: Record) -> None:
        """Count one request."""
        at, response_ms, timing, error, think_ms, name, late_ms, delay_ms, before, bound = record
        number = int(at) // self.width
        current = self.bins.get(number)
        if current is None:
            current = self.new_bin(number)
        route = self.routes.get(name)
        if route is None:
            route = self.route(name)
        current.requests += 1
        route.response.add(response_ms)
        if think_ms is not None:
            self.think_ms += think_ms
            self.thinks += 1
        if error is not None:
            route.failures += 1
            count_up(self.errors, error)
        if delay_ms is not None:
            self.delay.add(delay_ms)
            response_ms -= delay_ms
            if timing is not None:
                current.delay_ms += delay_ms
        if timing is not None:
            self.add_timing(at, response_ms, late_ms, timing, current, route)
            if before:
                self.stayed += before == timing.origin.instance
                self.moved += before != timing.origin.instance
                self.bound += bound

    def add_timing(
        self, at: float, response_ms: float, late_ms: float, timing: Timing, current: Bin, route: Route
    ) -> None:
        """Count what a request's header says; its response time is that since it was sent."""
        app_ms, cpu_ms, pid, setting, cpu_seconds, _, queue_ms, clock, _, _, _, origin = timing
        wait_ms = response_ms - app_ms
        self.setting = setting
        self.wait.add(wait_ms)
        route.app.add(app_ms)
        route.ended(at, pid)
        route.cpu_ms += cpu_ms
        current.timed += 1
        current.response_ms += response_ms
        current.app_ms += app_ms
        if wait_ms < -ROUNDED_MS:
            self.shorter += 1
        who = (origin.instance, pid)
        worker = self.workers.get(who)
        if worker is None:
            who, worker = self.worker(who, timing)
        if queue_ms is not None:
            wire_ms = wait_ms - queue_ms if wait_ms > queue_ms else 0.0
            self.queue.add(queue_ms)
            self.wire.add(wire_ms)
            current.queue_ms += queue_ms
            route.queued += 1
            route.queue_ms += queue_ms
            route.wire_ms += wire_ms
            worker.queued += 1
            worker.queue_ms += queue_ms
        if setting is not worker.setting and setting != worker.setting:
            worker.mixed = True
        worker.requests += 1
        worker.app_ms += app_ms
        worker.response_ms += response_ms
        if clock is None:
            clock = cpu_seconds
        else:  # the header was written between the request's start and its end
            born = at - clock
            if born < worker.born_before:  # noqa: PLR1730 # min() and max() would take thrice as long
                worker.born_before = born
            born -= (response_ms + late_ms) / 1e3 + OLD_SECONDS
            if born > worker.born_after:  # noqa: PLR1730
                worker.born_after = born
        if clock > worker.last.at:
            worker.last = current.said[who] = said_by(timing)
        elif clock < worker.first.at:
            worker.first = said_by(timing)
        elif who not in current.said:
            current.said[who] = worker.last

    # --- what is bounded ------------------------------------------------------------------------

    def worker(self, who: WorkerId, timing: Timing) -> tuple[WorkerId, Worker]:
        """Return the worker that one counts under, and which one that is."""
        if len(self.workers) >= MOST_WORKERS:
            who = OTHERS
        new = Worker(timing.setting, timing.origin, timing.at is not None, timing.gil, said_by(timing))
        return who, self.workers.setdefault(who, new)

    def route(self, name: str) -> Route:
        """Return the route that a name counts under."""
        if name not in self.routes and len(self.routes) >= MOST_ROUTES:
            name = FURTHER
        return self.routes.setdefault(name, Route())

    def see(self, who: WorkerId, seen: Worker) -> None:
        """Count what was seen of one worker."""
        if who not in self.workers and len(self.workers) >= MOST_WORKERS:
            who = OTHERS
        if who in self.workers:
            self.workers[who].merge(seen)
        else:
            self.workers[who] = Worker.from_list(seen.to_list())

    def new_bin(self, number: int) -> Bin:
        """Start a bin; with too many of them, make all twice as long."""
        while len(self.bins) >= MOST_BINS:
            self.widen(self.width * 2)
            number //= 2
        return self.bins.setdefault(number, Bin())

    def widen(self, width: int) -> None:
        """Merge bins into such of `width` seconds, a multiple of what they have."""
        factor, bins = width // self.width, self.bins
        self.width, self.bins = width, {}
        for number in sorted(bins):
            self.bins.setdefault(number // factor, Bin()).merge(bins[number])

    # --- merging --------------------------------------------------------------------------------

    def merge(self, other: Tally) -> None:
        """Add another tally of the same window: another process's, or a later part's."""
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in HISTOGRAMS:
            getattr(self, name).merge(getattr(other, name))
        self.setting = other.setting or self.setting
        for who, worker in other.workers.items():
            self.see(who, worker)
        for name, route in other.routes.items():
            self.route(name).merge(route)
        for kind, number in other.errors.items():
            count_up(self.errors, kind, number)
        for text, number in other.raised.items():
            count_up(self.raised, text, number)
        known_waits = [wait for wait in (self.first_wait_ms, other.first_wait_ms) if wait is not None]
        self.first_wait_ms = min(known_waits, default=None)
        if self.width < other.width:
            self.widen(other.width)
        for number, part in other.bins.items():
            mine = number // (self.width // other.width)  # both are powers of two
            (self.bins.get(mine) or self.new_bin(mine)).merge(part)

    def to_dict(self) -> dict[str, Any]:
        """Return what `from_dict` takes, of types that msgpack and JSON know."""
        data = dict(vars(self))
        for name in HISTOGRAMS:
            data[name] = data[name].to_dict()
        data["setting"] = list(self.setting) if self.setting else None
        for name in ("workers", "bins", "routes"):
            data[name] = [[key, part.to_list()] for key, part in data[name].items()]
        for name in COUNTS:
            data[name] = list(data[name].items())
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Tally:
        """Return the tally that `to_dict` was called on."""
        tally = cls()
        vars(tally).update(data)
        for name in HISTOGRAMS:
            setattr(tally, name, Histogram.from_dict(data[name]))
        tally.setting = Served(*data["setting"]) if data["setting"] else None
        tally.workers = {tuple(who): Worker.from_list(worker) for who, worker in data["workers"]}
        tally.bins = {number: Bin.from_list(part) for number, part in data["bins"]}
        tally.routes = {name: Route.from_list(route) for name, route in data["routes"]}
        for name in COUNTS:
            setattr(tally, name, dict(data.get(name, ())))  # what an older line does not have, nobody has counted
        return tally


def count_up(counts: dict[str, int], kind: str, number: int = 1) -> None:
    """Count so many of a kind, of which only so many are kept apart."""
    known = kind if kind in counts or len(counts) < MOST_ERRORS else "others"
    counts[known] = counts.get(known, 0) + number


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """Return one histogram of all values."""
    whole = Histogram()
    for histogram in histograms:
        whole.merge(histogram)
    return whole


def tally_of(records: Iterable[Record]) -> Tally:
    """Return the tally of all records."""
    tally = Tally()
    for record in records:
        tally.add(record)
    return tally
