"""Whether the load generator itself is the limit: its CPU, its quota, and how late it gets to its events.

Locust warns above 90 % of a core. It sees neither a CPU quota (a container's limit) nor a core that another
process uses; both make a response look slow that came in time. Three signs are looked at, each in a process
that makes requests, which explain_monitor samples. What its machine has travels with them, so that the judgement is
the same wherever it is made:

* its CPU time, from the window's start;
* how often its cgroup was stopped because the quota was used up (`cpu.stat`, cgroup v1 and v2);
* its lag: how late a timer fires. A response waits as long for its process as a timer does.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

from explain_arrivals import Arrivals

# Above this share of a core, Locust itself says that its figures may be wrong.
PROCESS_FULL = 0.90
# A cgroup that is stopped has all its responses wait for up to 0.1 s; in 5 % of the periods that is the p95.
THROTTLED_MOST = 0.05
# Lag is in every response time. Below 5 ms it is scheduling as usual.
LAG_LEAST_MS = 5.0
LAG_MOST = 0.10  # of the mean response time


class Load(NamedTuple):
    """What one generator process did within a stretch of time.

    Attributes:
        seconds: how long it was.
        cpu_seconds: CPU time of the process, in s.
        lag_ms, lags: sum and number of the timers' delays.
        wanted_ms, waits: sum and number of the pauses that the scenario asked for.
        periods, throttled: the time slices of its cgroup's CPU quota, and in how many of them it was stopped.
        quota: CPUs that the cgroup grants; 0 for no limit.
        cores: on which the process may run; 0 if that is not known.
        starts, starts_ms: number of the requests that users sent in on_start, and the sum of their response times.
        arrivals: what became of those that were due.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    lag_ms: float = 0.0
    lags: int = 0
    wanted_ms: float = 0.0
    waits: int = 0
    periods: int = 0
    throttled: int = 0
    quota: float = 0.0
    cores: int = 0
    starts: int = 0
    starts_ms: float = 0.0
    arrivals: Arrivals = Arrivals()

    def plus(self, later: Load) -> Load:
        """Return the load over this stretch and a later one of the same process."""
        return Load(
            self.seconds + later.seconds,
            self.cpu_seconds + later.cpu_seconds,
            self.lag_ms + later.lag_ms,
            self.lags + later.lags,
            self.wanted_ms + later.wanted_ms,
            self.waits + later.waits,
            self.periods + later.periods,
            self.throttled + later.throttled,
            later.quota,
            later.cores,
            self.starts + later.starts,
            self.starts_ms + later.starts_ms,
            self.arrivals.plus(later.arrivals),
        )

    @classmethod
    def from_list(cls, values: Sequence[Any]) -> Load:
        """Return the load that was sent as a list."""
        return cls._make([*values[:-1], Arrivals._make(values[-1])])


class Judgement(NamedTuple):
    """What all generator processes together come to.

    Attributes:
        processes: how many made requests.
        cpu_percent: of one core, by the busiest one.
        throttled_percent: of the periods.
        lag_ms: mean, in the latest one.
        quota_cpus: None for no limit.
        cores: on which a process may run; 1 if none has said.
        wanted_ms: mean pause that the scenario asks for.
        pausing: how many users pause at a time, by the pauses that were asked for, also those that are not over.
        reasons: why it is saturated, in words; empty if it is not.
        tasks: how many the users have ended, by the pauses that were asked for after each and by arrivals.
        arrivals: what became of those that were due at all of them.
    """

    processes: int
    cpu_percent: float
    throttled_percent: float
    lag_ms: float
    quota_cpus: float | None
    cores: int
    wanted_ms: float
    pausing: float
    reasons: tuple[str, ...]
    tasks: int = 0
    arrivals: Arrivals = Arrivals()


def judge(loads: Sequence[Load], response_ms: float) -> Judgement:
    """Judge the generator by its processes' loads and the mean response time that they saw."""
    loads = [load for load in loads if load.seconds > 0]
    cpu = max((load.cpu_seconds / load.seconds for load in loads), default=0.0)
    throttled = max((load.throttled / load.periods for load in loads if load.periods), default=0.0)
    lag_ms = max((load.lag_ms / load.lags for load in loads if load.lags), default=0.0)
    quota = min((load.quota for load in loads if load.quota), default=None)
    waits = sum(load.waits for load in loads)
    reasons = []
    if cpu >= PROCESS_FULL:
        reasons.append(f"a Locust process uses {cpu * 100:.0f} % of a core")
    if throttled >= THROTTLED_MOST:
        granted = f"its quota of {quota:g} CPU" if quota else "its CPU quota"
        reasons.append(f"Locust was stopped in {throttled * 100:.0f} % of the time slices, as {granted} was used up")
    if lag_ms >= max(LAG_LEAST_MS, LAG_MOST * response_ms):
        reasons.append(f"Locust gets to its events {lag_ms:.0f} ms late")
    arrivals = functools.reduce(Arrivals.beside, (load.arrivals for load in loads), Arrivals())
    if arrivals.lag_ms >= max(LAG_LEAST_MS, LAG_MOST * response_ms):
        reasons.append(f"tasks begin {arrivals.lag_ms:.0f} ms late though there may be more users")
    return Judgement(
        processes=len(loads),
        cpu_percent=cpu * 100,
        throttled_percent=throttled * 100,
        lag_ms=lag_ms,
        quota_cpus=quota,
        cores=min((load.cores for load in loads if load.cores), default=1),
        wanted_ms=sum(load.wanted_ms for load in loads) / waits if waits else 0.0,
        pausing=sum(load.wanted_ms / 1e3 / load.seconds for load in loads),
        reasons=tuple(reasons),
        tasks=waits + arrivals.ended,
        arrivals=arrivals,
    )
