"""From the probe and the first runs to what the laws allow each setting.

The laws are those of locustfiles/explain_laws.py. S, the time in the app of a request that nobody disturbs, and Z, how
long a user thinks, are those of the unloaded probe and of each loaded run in which requests did not wait inside the
app, weighted by their requests, as one user makes few. C, the CPU time of a request in the server, is from the runs
under load, without those in which threads that compete made it dearer.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

import explain_laws
from explain_figures import ONE_CORE
from explain_laws import Demand, Setting
from explain_rules import LEAST_PAUSE
from explain_types import Analysis
from sweep.decide.failures import Count
from sweep.records import Info, Run

# Verdicts of runs whose requests take in the app what they take when alone.
CALM = ("healthy", "slots", "imbalance", "memory", "errors")
# If even the median one takes longer than alone by more than this, they waited inside, or for each other. The median of
# fewer that were alone says less: from so many requests on, it may be so many times as long.
LONGER, TICK_MS = {30: 1.05, 10: 1.15, 0: 1.5}, 0.5
# Beyond the cheapest run's C it is what the setting costs, not the request.
DEARER = 1.05
# What users ask for of the CPU, beyond which it limits them although they think.
CALM_CPU = 0.85
# So many requests should find a free slot.
FOUND = 0.98
# So many times as many users as have a request under way are as good as endlessly many.
ENDLESS = 200
# Of the rate that is asked for, what is as much.
HELD = 0.97
# So many requests of a route, whose p95 is no further from the median than this, tell what one takes.
TELLING, STEADY = 4, 1.2


@dataclass(frozen=True)
class Prediction:
    """What a request asks of the server, what a worker takes, and so what each setting can do.

    Attributes:
        users: N; where arrivals do not wait for answers, so many who think for so long that they come to the same.
        vcpu: the plan's.
        app_s: S.
        think_s: Z.
        cpu_s: C.
        base_mb: memory of the process tree with one worker.
        worker_mb: memory that each further worker adds.
        bounded: whether slots bound what is served; an event loop's worker has no such bound.
        gil: whether a worker uses one core at most; not if one was seen on more, as with numpy or hashlib.
        is_open: whether the load is arrivals that do not wait for answers.
        routes_s: what a request takes in the app alone by its route, where that is known and always the same.
    """

    users: int
    vcpu: int
    app_s: float
    think_s: float
    cpu_s: float
    base_mb: float
    worker_mb: float
    bounded: bool = True
    gil: bool = True
    is_open: bool = False
    routes_s: Mapping[str, float] = dataclasses.field(default_factory=dict)

    @property
    def cycle_s(self) -> float:
        """S + Z: how long an undisturbed user takes from one request to the next."""
        return self.app_s + self.think_s

    def bound(self, setting: Setting) -> tuple[float, str]:
        """Return the highest throughput that the laws allow a setting, in 1/s, and which law it is."""
        return self.lowest(setting.workers, setting.slots)

    def cores(self, workers: int) -> int:
        """Return how many of the plan's cores so many workers can use."""
        return min(workers, self.vcpu) if self.gil else self.vcpu

    def most_rps(self, workers: int) -> float:
        """Return what so many workers cannot exceed, however many slots they have."""
        return self.lowest(workers, None)[0]

    @property
    def best_rps(self) -> float:
        """What no setting can exceed."""
        return self.most_rps(self.vcpu)

    @property
    def users_rps(self) -> float:
        """What the users ask for, if none of their requests ever waits."""
        return self.users / self.cycle_s

    @property
    def thinking(self) -> bool:
        """Whether throughput says little: users who think hide slow responses, as long as the CPU can serve them.

        Of arrivals as many end as come, or nothing holds them.
        """
        if self.is_open:
            return True
        calm = self.users_rps * self.cpu_s <= CALM_CPU * self.vcpu
        return calm and self.think_s >= max(self.app_s, LEAST_PAUSE)

    def slowed(self, times: float) -> Prediction:
        """Return the same for requests that take so many times as long in the app, by waiting for something."""
        return dataclasses.replace(self, app_s=times * self.app_s)

    def enough_slots(self) -> int:
        """Return the fewest slots with which hardly any request of users who think finds none.

        Each of them has a request under way for S / (S + Z) of the time, whatever the others do, so how many have one
        is binomial; a request meets those of the N - 1 others.
        """
        share, others = self.app_s / self.cycle_s, self.users - 1
        if share >= 1:
            return self.users
        total = 0.0
        for busy in range(others):
            ways = math.lgamma(others + 1) - math.lgamma(busy + 1) - math.lgamma(others - busy + 1)
            chance = math.exp(ways + busy * math.log(share) + (others - busy) * math.log1p(-share))
            total += chance
            if total >= FOUND:
                return busy + 1
        return self.users

    def lowest(self, workers: int, slots: int | None) -> tuple[float, str]:
        """Return the lowest of the bounds, and its name; None for slots is any number."""
        demand = Demand(self.app_s, self.cpu_s, self.think_s, self.bounded)
        first = explain_laws.bounds(demand, self.users, self.cores(workers), slots, self.vcpu).lowest()
        if first is None:
            raise AssertionError("S and C are above 0")
        name, rate = first
        return rate, name

    def slots_for(self, rps: float) -> float:
        """Return the slots that are taken at a rate, by Little's law."""
        return explain_laws.in_use(rps, self.app_s)

    def response_s(self, rps: float) -> float:
        """Return the mean response at a rate: its users are either in a request or thinking.

        Arrivals that do not wait for answers have none of their own: at a rate below theirs it grows without end.
        """
        if self.is_open:
            return self.app_s if rps >= HELD * self.users_rps else math.inf
        return self.users / rps - self.think_s

    def memory_mb(self, workers: int) -> float:
        """Return the memory that so many workers would take, in MB."""
        return self.base_mb + self.worker_mb * (workers - 1)


def prediction_of(info: Info, runs: Sequence[Run]) -> Prediction | None:
    """Return what the runs so far tell of a request; None before an unloaded and a loaded run that are ok."""
    loaded = [run for run in runs if run.ok and run.analysis]
    if info.unloaded is None or not loaded:
        return None
    undisturbed = info.unloaded.demand
    analyses = [run.analysis for run in loaded if run.analysis]
    cpu_s = [analysis.demand.cpu_s for analysis in analyses if analysis.demand.cpu_s]
    if not undisturbed.app_s or not cpu_s:  # None without the Server-Timing header
        return None
    calm = [info.unloaded, *(analysis for analysis in analyses if is_calm(analysis, info.unloaded))]
    least = min(*cpu_s, undisturbed.cpu_s or cpu_s[0])
    base_mb = info.unloaded_memory_mb or 0.0
    app_s = weighted(calm, lambda demand: demand.app_s) or undisturbed.app_s
    users, think_s = info.options.users, weighted([info.unloaded, *analyses], lambda demand: demand.think_s) or 0.0
    if info.options.rps is not None:
        asked = info.options.rps * requests_each(analyses)
        users = math.ceil(ENDLESS * max(1.0, asked * app_s))
        think_s = users / asked - app_s
    return Prediction(
        users=users,
        vcpu=info.plan.vcpu,
        app_s=app_s,
        think_s=think_s,
        cpu_s=median([value for value in cpu_s if value <= DEARER * least] or [least]),
        base_mb=base_mb,
        worker_mb=worker_mb(loaded, base_mb),
        bounded=undisturbed.bounded,
        gil=gil_holds(info, loaded),
        is_open=info.options.rps is not None,
        routes_s=steady(info.unloaded),
    )


def steady(alone: Analysis) -> dict[str, float]:
    """Return what a request takes in the app by its route, in s, where a few of one user's tell."""
    return {
        route.name: route.app_ms / 1e3
        for route in alone.routes
        if route.app_ms and route.requests >= TELLING and route.p50_ms and route.p95_ms
        if route.p95_ms <= STEADY * route.p50_ms + TICK_MS
    }


def requests_each(analyses: Sequence[Analysis]) -> float:
    """Return how many requests an arrival's task makes."""
    due = sum(analysis.arrivals.due or 0 for analysis in analyses)
    requests = sum(analysis.generator.offered_rps * analysis.load.seconds for analysis in analyses)
    return requests / due if due and requests else 1.0


def gil_holds(info: Info, loaded: Sequence[Run]) -> bool:
    """Whether no run's workers were seen to use more than a core each."""
    used = [(run.workers, run.outside.cpu_utilization) for run in loaded if run.outside]
    return all((share or 0.0) * info.plan.vcpu <= ONE_CORE * workers for workers, share in used)


def is_calm(analysis: Analysis, alone: Analysis) -> bool:
    """Whether requests take in the app what they take when alone."""
    now, then = analysis.app_ms.p50, alone.app_ms.p50
    most = next(times for least, times in LONGER.items() if alone.load.requests >= least)
    same = now is None or then is None or now <= most * then + TICK_MS
    failing = Count.of(analysis).above(Count.of(alone))  # and who fails may fail at once
    return same and not failing and analysis.verdict.code in CALM


def weighted(analyses: Sequence[Analysis], get: Callable[[Demand], float | None]) -> float | None:
    """Return a part of the demand over several runs, by their requests; None where nobody knows it."""
    known = [(get(analysis.demand), analysis.load.requests) for analysis in analyses]
    there = [(value, requests) for value, requests in known if value is not None and requests]
    return fmean([value for value, _ in there], [requests for _, requests in there]) if there else None


def cycle_of(unloaded: Analysis) -> float:
    """Return S + Z in s: how long one user takes from one request to the next; 0.0 if that is not known."""
    if unloaded.demand.app_s is None:
        return (unloaded.response_ms.mean or 0.0) / 1e3
    return unloaded.demand.app_s + (unloaded.demand.think_s or 0.0)


def worker_mb(loaded: Sequence[Run], base_mb: float) -> float:
    """Return what a further worker takes: the highest of what the runs with more than one showed, in MB."""
    grown = [
        (run.outside.memory_peak_mb - base_mb) / (run.workers - 1) for run in loaded if run.workers > 1 and run.outside
    ]
    return max(grown, default=0.0)
