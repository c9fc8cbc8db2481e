"""Apps with a bottleneck that is known, simulated, behind what a sweep sees of a run: a whole sweep takes no time.

The simulation is that of tests/locustfiles/simulated.py, with what a foreign app does beside: it fails where too many
ask at a time, it gets slower with more threads, it takes memory.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from explain_analysis import analyse
from explain_generator import Load
from explain_laws import Setting
from explain_server_timing import Timing
from explain_types import Analysis
from sweep.decide.findings import Findings
from sweep.decide.search import next_step
from sweep.folder import Results, create
from sweep.measure.measurement import FAILING_MOST, VOID
from sweep.options import Options
from sweep.records import Outside, PlanSize, Run
from tests.locustfiles import simulated
from tests.locustfiles.simulated import Instance, Place, Process, Route, Worker, none, tally_from
from tests.sweep import samples

SECONDS = 3.0


@dataclass(frozen=True, eq=False)  # each is one of its own
class Kind:
    """An app, its users, and the plan that it runs on.

    Attributes:
        routes, shared, each, kind: as the simulation has them.
        vcpu, memory_mb: the plan's.
        base_mb, worker_mb: memory of one worker, and of each further one.
        users, think: how many, and their pauses.
        refuses: names of places of which a request that finds none fails at once.
        slower: by how much each further busy thread of a worker, or of all, makes a pause of a request longer.
        fails: share of the requests that fail, by how many are under way.
        noise: standard deviation of a window's throughput.
        fastest: requests/s that Locust can send.
        seconds: of a window, after `warm` more, in which all users begin.
        gil: whether a worker computes on one core at a time; not if they compute in C, as hashlib does.
    """

    routes: Sequence[Route]
    shared: dict[str, int] = field(default_factory=dict)
    each: dict[str, int] = field(default_factory=dict)
    kind: str = "SlotWorker"
    vcpu: int = 1
    memory_mb: float = 512.0
    base_mb: float = 42.0
    worker_mb: float = 16.5
    users: int = 36
    think: Callable[[random.Random], float] = none
    refuses: tuple[str, ...] = ()
    slower: Callable[[int, int], float] = lambda mine, every: 1.0
    fails: Callable[[int], float] = lambda every: 0.0
    noise: float = 0.005
    fastest: float = math.inf
    seconds: float = SECONDS
    warm: float = 0.5
    mixed_up: bool = False
    gil: bool = True


class Ran(simulated.Run):
    """A run of a kind."""

    def __init__(self, kind: Kind, setting: Setting, users: int, seed: int) -> None:
        self.kind_of, self.last = kind, False
        app = simulated.App(
            kind.routes, *setting, kind.vcpu, shared=kind.shared, each=kind.each, kind=kind.kind, gil=kind.gil
        )
        super().__init__(app, users, kind.think, seed)

    def request(self, route: Route, instance: Instance) -> Generator[float | Place, None, Timing]:
        refused: list[str] = []
        timing = yield from super().request(replace(route, steps=[(step, refused) for step in route.steps]), instance)
        self.last = bool(refused)
        return timing

    def do(self, worker: Worker, step: Any) -> Generator[float | Place, None, float]:
        inner, refused = step
        if refused:
            return 0.0
        what, length = inner if isinstance(inner, tuple) else ("pause", inner)
        place = self.shared.get(what) or worker.own.get(what)
        if self.chance.random() < self.kind_of.fails(sum(one.busy for one in self.instances[0].workers)):
            refused.append("by chance")
        if what in self.kind_of.refuses and place and not place.free:
            refused.append(what)
            yield 0.001
            return 0.0
        times = self.kind_of.slower(worker.busy, sum(one.busy for one in self.instances[0].workers))
        seconds = length(self.chance) if callable(length) else length
        return (yield from super().do(worker, (what, seconds * times)))

    def user(self, home: Instance | None) -> Process:
        """As the simulation's, with what was refused as a failure."""
        for asked in super().user(home):
            if self.last:
                self.last = False
                self.records[-1] = self.records[-1]._replace(error="HTTP 503")
            yield asked


@cache
def analysed(kind: Kind, setting: Setting, users: int) -> Analysis:
    """What the analysis says of a run."""
    run = Ran(kind, setting, users, 7)
    run.run(kind.warm + kind.seconds)
    run.records = [record for record in run.records if record.at > kind.warm]
    load = Load(seconds=kind.seconds, cpu_seconds=kind.seconds / 10, wanted_ms=run.pauses, waits=len(run.records))
    found = analyse(tally_from(run), users, kind.seconds, [load], kind.memory_mb)
    if kind.mixed_up:
        return replace(found, verdict=replace(found.verdict, code="mixed-up", text="of two gunicorns"))
    if found.load.rps > kind.fastest:
        slower = replace(found.load, rps=kind.fastest)
        verdict = replace(found.verdict, code="generator", text="The load generator is the limit.")
        return replace(found, load=slower, generator=replace(found.generator, saturated=True), verdict=verdict)
    return found


def measured(kind: Kind, setting: Setting, repeat: int, chance: random.Random) -> Run:
    """A run as the loop would write it down."""
    found = analysed(kind, setting, kind.users)
    noise = chance.gauss(1, kind.noise)
    load = replace(found.load, rps=found.load.rps * noise)
    times = replace(found.response_ms, p95=(found.response_ms.p95 or 0.0) * chance.gauss(1, 2 * kind.noise))
    found = replace(found, load=load, response_ms=times)
    memory = kind.base_mb + kind.worker_mb * (setting.workers - 1)
    outside = Outside(memory, 1.0, min(1.0, (found.cpu_utilization or 0.0)), 0.0, setting.workers, 0, 8.0)
    error, void = None, False
    if not load.requests:
        error = "no request ended within the window"
    elif memory > kind.memory_mb:
        error = f"ended for memory: the app took {memory:.0f} MB"
    elif load.failures > FAILING_MOST * load.requests:
        error = f"{load.failures} of {load.requests} requests failed"
    elif found.verdict.code in VOID:
        error, void = f"void: {found.verdict.text}", True
    failures = f"{load.failures} × GET /: HTTP 503" if load.failures else ""
    return Run(*setting, repeat, "failed" if error else "ok", error, found, outside, void, failures)


def swept(kind: Kind, folder: Path, **options: Any) -> Results:
    """Let the search run to its end."""
    given = Options.of(**{"users": kind.users, "seed": 1} | options)
    chance = random.Random(given.seed)
    about = samples.info(**msgspec.structs.asdict(given))
    about.plan = PlanSize("a plan", kind.vcpu, kind.memory_mb)
    probe = analysed(kind, Setting(1, 1), 1)
    about.unloaded = probe if probe.load.requests else None
    about.unloaded_error = None if probe.load.requests else "no request ended within the window"
    about.unloaded_memory_mb = kind.base_mb
    results = create(folder, about)
    while step := next_step(Findings.of(results)):
        assert len(results.runs) < 40
        results.append(measured(kind, step.setting, step.repeat, chance))
    return results
