"""From the probe and the first runs to what the laws allow each setting.

The laws are those of locustfiles/explain_laws.py. S, the time in the app of a request that nobody disturbs, and Z, how
long a user thinks, are those of the unloaded probe; C, the CPU time of a request in the server, is from runs under
load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import explain_laws
from explain_laws import Setting
from explain_types import Analysis
from sweep.records import Info, Run


@dataclass(frozen=True)
class Prediction:
    """What a request asks of the server, what a worker takes, and so what each setting can do.

    Attributes:
        users: N.
        vcpu: the plan's.
        app_s: S.
        think_s: Z.
        cpu_s: C.
        base_mb: memory of the process tree with one worker.
        worker_mb: memory that each further worker adds.
        bounded: whether slots bound what is served; an event loop's worker has no such bound.
    """

    users: int
    vcpu: int
    app_s: float
    think_s: float
    cpu_s: float
    base_mb: float
    worker_mb: float
    bounded: bool = True

    @property
    def cycle_s(self) -> float:
        """S + Z: how long an undisturbed user takes from one request to the next."""
        return self.app_s + self.think_s

    def bound(self, setting: Setting) -> tuple[float, str]:
        """Return the highest throughput that the laws allow a setting, in 1/s, and which law it is."""
        return self.lowest(setting.workers, setting.slots)

    def most_rps(self, workers: int) -> float:
        """Return what so many workers cannot exceed, however many slots they have."""
        return self.lowest(workers, None)[0]

    @property
    def best_rps(self) -> float:
        """What no setting can exceed."""
        return self.most_rps(self.vcpu)

    def lowest(self, workers: int, slots: int | None) -> tuple[float, str]:
        """Return the lowest of the bounds, and its name; None for slots is any number."""
        demand = explain_laws.Demand(self.app_s, self.cpu_s, self.think_s, self.bounded)
        first = explain_laws.bounds(demand, self.users, workers, slots, self.vcpu).lowest()
        if first is None:
            raise AssertionError("S and C are above 0")
        name, rate = first
        return rate, name

    def slots_for(self, rps: float) -> float:
        """Return the slots that are taken at a rate, by Little's law."""
        return explain_laws.in_use(rps, self.app_s)

    def response_s(self, setting: Setting) -> float:
        """Return the shortest mean response of a setting: its users are either in a request or thinking."""
        return self.users / self.bound(setting)[0] - self.think_s

    def memory_mb(self, workers: int) -> float:
        """Return the memory that so many workers would take, in MB."""
        return self.base_mb + self.worker_mb * (workers - 1)


def prediction_of(info: Info, runs: Sequence[Run]) -> Prediction | None:
    """Return what the runs so far tell of a request; None before an unloaded and a loaded run that are ok."""
    loaded = [run for run in runs if run.ok and run.analysis]
    if info.unloaded is None or not loaded:
        return None
    undisturbed = info.unloaded.demand
    cpu_s = [run.analysis.demand.cpu_s for run in loaded if run.analysis and run.analysis.demand.cpu_s]
    if not undisturbed.app_s or not cpu_s:  # None without the Server-Timing header
        return None
    base_mb = info.unloaded_memory_mb or 0.0
    return Prediction(
        users=info.options.users,
        vcpu=info.plan.vcpu,
        app_s=undisturbed.app_s,
        think_s=undisturbed.think_s or 0.0,
        cpu_s=median(cpu_s),
        base_mb=base_mb,
        worker_mb=worker_mb(loaded, base_mb),
        bounded=undisturbed.bounded,
    )


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
