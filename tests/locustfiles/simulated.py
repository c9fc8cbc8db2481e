"""A small simulation of users, slots and what an app waits for: its records have a bottleneck that is known.

Everything happens in the order of time, in generators: one that yields a number sleeps for so many seconds, and one
that yields a Place waits until it has one of its places.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import explain_first
from explain_analysis import analyse
from explain_first import First
from explain_generator import Load
from explain_record import Record
from explain_server_timing import SOMEWHERE, Origin, Served, Timing
from explain_tally import Tally, tally_of
from explain_types import Analysis

Process = Generator["float | Place", None, None]
NEVER = 1e6  # s


class Place:
    """What so many can have at a time: slots, a lock, a pool of connections, a core."""

    def __init__(self, places: int = 1) -> None:
        self.free = places
        self.waiting: deque[Process] = deque()


class Simulation:
    """A clock, and what happens next."""

    def __init__(self) -> None:
        self.now = 0.0
        self.due: list[tuple[float, int, Process]] = []
        self.number = 0

    def start(self, process: Process, after: float = 0.0) -> None:
        self.number += 1
        heapq.heappush(self.due, (self.now + after, self.number, process))

    def give_back(self, place: Place) -> None:
        if place.waiting:
            self.start(place.waiting.popleft())
        else:
            place.free += 1

    def run(self, until: float) -> None:
        while self.due and self.due[0][0] <= until:
            self.now, _, process = heapq.heappop(self.due)
            self.step(process)

    def step(self, process: Process) -> None:
        for asked in process:
            if not isinstance(asked, Place):
                self.start(process, asked)
                return
            if not asked.free:
                asked.waiting.append(process)
                return
            asked.free -= 1


@dataclass
class Worker:
    """A gunicorn worker with what it counts."""

    pid: int
    slots: Place
    gil: Place
    cores: Place
    origin: Origin = SOMEWHERE
    own: dict[str, Place] = field(default_factory=dict)
    cpu: float = 0.0
    held: float = 0.0
    since: float = 0.0
    busy: int = 0
    served: int = 0
    rss_mb: float = 40.0

    def change(self, now: float, by: int) -> None:
        self.held += self.busy * (now - self.since)
        self.busy, self.since, self.served = self.busy + by, now, self.served + (by > 0)


@dataclass
class Route:
    """What a request does: `steps` until its headers, then it pauses for `after`, and `generates` its answer in steps.

    A step is a pause in s, or a pair:
    ("cpu", s) computes, and ("aside", s) in a thread of its own that the request waits for; (name, s) holds one place
    of a Place of the app's; ("hang", share) never ends for that share.
    """

    name: str
    steps: Sequence[Any]
    weight: float = 1.0
    after: float = 0.0
    generates: Sequence[Any] = ()
    fails: float = 0.0
    grows_mb: float = 0.0


@dataclass
class App:
    """An app behind gunicorn. `shared` are places all workers share, by name; `each` are those that each has."""

    routes: Sequence[Route]
    workers: int = 1
    threads: int = 1
    vcpu: int = 1
    shared: dict[str, int] = field(default_factory=dict)
    each: dict[str, int] = field(default_factory=dict)
    kind: str = "SlotWorker"
    wire: float = 0.001
    overhead: float = 0.0005  # gunicorn's own CPU for a request
    gil: bool = True
    says_gil: bool = True
    background: float = 0.0  # cores that each worker uses beside
    queue_known: bool = True
    origins: Sequence[Origin] = (SOMEWHERE,)  # of each instance
    gets: Sequence[float] = ()  # share of the requests, or of the users who stay
    stay: bool = False

    @property
    def setting(self) -> Served:
        return Served(self.workers, self.threads, self.kind, self.vcpu)


class Instance:
    """A gunicorn with its workers and its cores."""

    def __init__(self, app: App, origin: Origin) -> None:
        self.queue = Place(app.workers * app.threads)
        cores = Place(app.vcpu)
        self.workers = [
            Worker(
                *(101 + number, Place(app.threads), Place(1), cores, origin),
                {name: Place(many) for name, many in app.each.items()},
            )
            for number in range(app.workers)
        ]


class Run(Simulation):
    """So many users against an app; they start as quickly as Locust can start them."""

    def __init__(self, app: App, users: int, think: Callable[[random.Random], float], seed: int) -> None:
        super().__init__()
        self.app, self.chance, self.think = app, random.Random(seed), think
        self.shared = {name: Place(places) for name, places in app.shared.items()}
        self.instances = [Instance(app, origin) for origin in app.origins]
        self.weights = app.gets or [1.0] * len(self.instances)
        self.records: list[Record] = []
        self.first: list[First] = []
        self.pauses = 0.0
        homes = [
            home
            for home, weight in zip(self.instances, self.weights, strict=True)
            for _ in range(round(users * weight / sum(self.weights)))
        ]
        for number in range(users):
            home = homes[number % len(homes)] if app.stay or len(self.instances) == 1 else None
            self.start(self.user(home), number / 2e3)

    def user(self, home: Instance | None) -> Process:
        pause, before = None, ""
        while True:
            start = self.now
            instance = home or self.chance.choices(self.instances, self.weights)[0]
            route = self.chance.choices(self.app.routes, [route.weight for route in self.app.routes])[0]
            timing = yield from self.request(route, instance)
            response_ms = (self.now - start) * 1e3
            failed = self.chance.random() < route.fails
            error = "HTTP 500" if failed else None
            record = Record(self.now, response_ms, timing, error, pause, route.name, 0.0, None, before, self.app.stay)
            self.records.append(record)
            before = timing.origin.instance
            if not failed:
                self.first.append(First(start, response_ms, timing.app_ms, route.name, timing.pid))
            pause = self.think(self.chance) * 1e3
            self.pauses += pause
            yield pause / 1e3

    def request(self, route: Route, instance: Instance) -> Generator[float | Place, None, Timing]:
        yield self.app.wire
        arrived = self.now
        if self.app.kind == "gthread":  # a worker takes what comes, whether it has a thread or not
            worker = self.chance.choice(instance.workers)
            yield worker.slots
        else:
            yield instance.queue
            worker = min(instance.workers, key=lambda one: one.busy)
        queued = self.now - arrived
        worker.change(self.now, 1)
        yield from self.compute(worker, self.app.overhead)
        began, cpu = self.now, 0.0
        for step in route.steps:
            cpu += yield from self.do(worker, step)
        worker.change(self.now, 0)
        worker.rss_mb += route.grows_mb
        timing = Timing(
            (self.now - began) * 1e3,
            cpu * 1e3,
            worker.pid,
            self.app.setting,
            worker.cpu + self.app.background * self.now,
            worker.rss_mb,
            queued * 1e3 if self.app.queue_known else None,
            self.now,
            worker.held,
            worker.served,
            self.app.says_gil,
            worker.origin,
        )
        yield route.after
        for step in route.generates:
            yield from self.do(worker, step)
        worker.change(self.now, -1)
        self.give_back(worker.slots if self.app.kind == "gthread" else instance.queue)
        return timing

    def do(self, worker: Worker, step: Any) -> Generator[float | Place, None, float]:
        what, length = step if isinstance(step, tuple) else ("pause", step)
        seconds = length(self.chance) if callable(length) else length
        if what == "cpu":
            yield from self.compute(worker, seconds)
            return float(seconds)
        if what == "aside":
            yield from self.compute(worker, seconds)
            return 0.0
        if what == "hang":
            yield NEVER if self.chance.random() < seconds else 0.0
            return 0.0
        place = self.shared.get(what) or worker.own.get(what)
        if place:
            yield place
        yield seconds
        if place:
            self.give_back(place)
        return 0.0

    def compute(self, worker: Worker, seconds: float) -> Process:
        if self.app.gil:
            yield worker.gil
        yield worker.cores
        yield seconds
        worker.cpu += seconds
        self.give_back(worker.cores)
        if self.app.gil:
            self.give_back(worker.gil)


def none(_: random.Random) -> float:
    return 0.0


def between(least: float, most: float) -> Callable[[random.Random], float]:
    return lambda chance: chance.uniform(least, most)


def around(seconds: float) -> Callable[[random.Random], float]:
    return between(0.8 * seconds, 1.2 * seconds)


def tally_from(run: Run) -> Tally:
    tally = tally_of(run.records)
    explain_first.note(tally, run.first[: explain_first.MOST])
    return tally


def counted(
    app: App, users: int, seconds: float, think: Callable[[random.Random], float] = none, seed: int = 7
) -> tuple[Tally, Load]:
    """What Locust counts in so many seconds, and what it knows of itself."""
    run = Run(app, users, think, seed)
    run.run(seconds)
    load = Load(seconds=seconds, cpu_seconds=seconds / 10, wanted_ms=run.pauses, waits=len(run.records))
    return tally_from(run), load


def explained(
    app: App,
    users: int,
    seconds: float = 20.0,
    think: Callable[[random.Random], float] = none,
    seed: int = 7,
    memory_mb: float | None = None,
) -> Analysis:
    """The analysis of so many seconds."""
    tally, load = counted(app, users, seconds, think, seed)
    return analyse(tally, users, seconds, [load], memory_mb)
