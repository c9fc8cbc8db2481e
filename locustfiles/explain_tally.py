"""What is kept of the requests: sums and histograms, so memory does not grow with their number.

A tally can be merged with another one and sent to another process, and merging is exact: tallies of the parts
give the same as one tally of the whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from explain_histogram import Histogram
from explain_server_timing import Setting, Timing

# Bounds on what grows with something else than the number of requests.
MOST_BINS = 600
MOST_WORKERS = 512  # pids; there are more only if workers restart all the time (`max_requests`)
MOST_ERRORS = 20
OTHERS = 0  # the pid under which requests of further workers are counted


class Record(NamedTuple):
    """One request, as the generator saw it.

    Attributes:
        at: when it ended, in s since the window's start.
        response_ms: response time, in ms.
        timing: what its header said, None without one.
        error: what failed, for instance "HTTP 500"; None for a success.
        think_ms: how long its user had done nothing before, in ms; None for a user's first request.
    """

    at: float
    response_ms: float
    timing: Timing | None = None
    error: str | None = None
    think_ms: float | None = None


class Worker:
    """One gunicorn worker. Its CPU counter only grows, so it also tells which of two responses is the later one.

    Attributes:
        requests: number of responses.
        app_ms: their wall time in the app, in ms.
        cpu_first, cpu_last: the CPU counter in the first and the last response, in s.
        rss_mb: resident memory in the last one, in MB.
    """

    __slots__ = ("app_ms", "cpu_first", "cpu_last", "requests", "rss_mb")

    def __init__(self, requests: int, app_ms: float, cpu_first: float, cpu_last: float, rss_mb: float) -> None:
        self.requests = requests
        self.app_ms = app_ms
        self.cpu_first = cpu_first
        self.cpu_last = cpu_last
        self.rss_mb = rss_mb

    def merge(self, other: Worker) -> None:
        """Add what another process saw of the same worker, or this one at another time."""
        self.requests += other.requests
        self.app_ms += other.app_ms
        self.cpu_first = min(self.cpu_first, other.cpu_first)
        if other.cpu_last >= self.cpu_last:
            self.cpu_last, self.rss_mb = other.cpu_last, other.rss_mb

    def to_list(self) -> list[float]:
        """Return the constructor's arguments."""
        return [self.requests, self.app_ms, self.cpu_first, self.cpu_last, self.rss_mb]


class Bin:
    """What ended within one stretch of the run: the sums that the plots are drawn from."""

    __slots__ = ("app_ms", "cpu", "requests", "response_ms", "timed")

    def __init__(self) -> None:
        self.requests = 0
        self.timed = 0
        self.response_ms = 0.0  # of the requests with a header
        self.app_ms = 0.0
        self.cpu: dict[int, float] = {}  # by pid, the CPU counter at the end, in s

    def merge(self, other: Bin) -> None:
        """Add what another process saw in the same stretch, or what the next stretch holds."""
        self.requests += other.requests
        self.timed += other.timed
        self.response_ms += other.response_ms
        self.app_ms += other.app_ms
        for pid, cpu in other.cpu.items():
            if cpu > self.cpu.get(pid, 0.0):
                self.cpu[pid] = cpu

    def to_list(self) -> list[Any]:
        """Return what `from_list` takes."""
        sums = [self.requests, self.timed, self.response_ms, self.app_ms]
        return [*sums, list(self.cpu.items())]

    @classmethod
    def from_list(cls, data: list[Any]) -> Bin:
        """Return the bin that `to_list` was called on."""
        made = cls()
        made.requests, made.timed, made.response_ms, made.app_ms, cpu = data
        made.cpu = dict(cpu)
        return made


class Tally:
    """All that the laws need to know of a stretch of a run.

    Attributes:
        requests, failures: numbers.
        response, wait, app: times in ms; wait and app of the requests with a header only.
        timed_response_ms: sum of the response times of the requests with a header, in ms.
        cpu_ms: sum of the threads' CPU times, in ms.
        think_ms, thinks: sum and number of the pauses of the users.
        setting: gunicorn's setting, as the latest response had it.
        workers: by pid.
        errors: number of failures by kind.
        first_wait_ms: typical wait of the test's first requests, which found free slots, in ms; None if unknown.
        width: how long a bin is, in s.
        bins: by number, counted from the window's start.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.failures = 0
        self.response, self.wait, self.app = Histogram(), Histogram(), Histogram()
        self.timed_response_ms = 0.0
        self.cpu_ms = 0.0
        self.think_ms = 0.0
        self.thinks = 0
        self.setting: Setting | None = None
        self.workers: dict[int, Worker] = {}
        self.errors: dict[str, int] = {}
        self.first_wait_ms: float | None = None
        self.width = 1
        self.bins: dict[int, Bin] = {}

    def add(self, record: Record) -> None:
        """Count one request."""
        at, response_ms, timing, error, think_ms = record
        number = int(at) // self.width
        current = self.bins.get(number)
        if current is None:
            current = self.new_bin(number)
        self.requests += 1
        current.requests += 1
        self.response.add(response_ms)
        if think_ms is not None:
            self.think_ms += think_ms
            self.thinks += 1
        if error is not None:
            self.failures += 1
            kind = error if error in self.errors or len(self.errors) < MOST_ERRORS else "others"
            self.errors[kind] = self.errors.get(kind, 0) + 1
        if timing is None:
            return
        app_ms, cpu_ms, pid, setting, cpu_seconds, rss_mb, *_ = timing
        self.setting = setting
        self.app.add(app_ms)
        self.wait.add(response_ms - app_ms)
        self.timed_response_ms += response_ms
        self.cpu_ms += cpu_ms
        current.timed += 1
        current.response_ms += response_ms
        current.app_ms += app_ms
        worker = self.workers.get(pid)
        if worker is None:
            if len(self.workers) >= MOST_WORKERS:
                pid, cpu_seconds = OTHERS, 0.0
            self.see(pid, Worker(1, app_ms, cpu_seconds, cpu_seconds, rss_mb))
        else:
            worker.requests += 1
            worker.app_ms += app_ms
            if cpu_seconds >= worker.cpu_last:
                worker.cpu_last, worker.rss_mb = cpu_seconds, rss_mb
            elif cpu_seconds < worker.cpu_first:
                worker.cpu_first = cpu_seconds
        if cpu_seconds > current.cpu.get(pid, 0.0):
            current.cpu[pid] = cpu_seconds

    def see(self, pid: int, seen: Worker) -> None:
        """Count what was seen of one worker."""
        if pid in self.workers:
            self.workers[pid].merge(seen)
        elif len(self.workers) < MOST_WORKERS or pid == OTHERS:
            self.workers[pid] = seen
        else:
            self.see(OTHERS, Worker(seen.requests, seen.app_ms, 0.0, 0.0, seen.rss_mb))

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

    def merge(self, other: Tally) -> None:
        """Add another tally of the same window: another process's, or a later part's."""
        self.requests += other.requests
        self.failures += other.failures
        self.response.merge(other.response)
        self.wait.merge(other.wait)
        self.app.merge(other.app)
        self.timed_response_ms += other.timed_response_ms
        self.cpu_ms += other.cpu_ms
        self.think_ms += other.think_ms
        self.thinks += other.thinks
        self.setting = other.setting or self.setting
        for pid, worker in other.workers.items():
            self.see(pid, Worker(*worker.to_list()))  # type: ignore[arg-type] # a count stays an int
        for kind, number in other.errors.items():
            known = kind if kind in self.errors or len(self.errors) < MOST_ERRORS else "others"
            self.errors[known] = self.errors.get(known, 0) + number
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
        for name in ("response", "wait", "app"):
            data[name] = data[name].to_dict()
        data["setting"] = list(self.setting) if self.setting else None
        data["workers"] = [[pid, worker.to_list()] for pid, worker in self.workers.items()]
        data["bins"] = [[number, part.to_list()] for number, part in self.bins.items()]
        data["errors"] = list(self.errors.items())
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Tally:
        """Return the tally that `to_dict` was called on."""
        tally = cls()
        vars(tally).update(data)
        for name in ("response", "wait", "app"):
            setattr(tally, name, Histogram.from_dict(data[name]))
        tally.setting = Setting(*data["setting"]) if data["setting"] else None
        tally.workers = {pid: Worker(*worker) for pid, worker in data["workers"]}
        tally.bins = {number: Bin.from_list(part) for number, part in data["bins"]}
        tally.errors = dict(data["errors"])
        return tally


def tally_of(records: Iterable[Record]) -> Tally:
    """Return the tally of all records."""
    tally = Tally()
    for record in records:
        tally.add(record)
    return tally
