"""From the two probes to what the laws allow each setting.

X ≤ min(users / (S + Z), slots / S, min(workers, vCPU) / C), as in locustfiles/explain_laws.py: S is the time in the app
of a request that nobody disturbs, from the unloaded probe; C its CPU time in the server and Z the time a user thinks,
from runs under load.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from sweep.results import Results, Run, Setting


@dataclass(frozen=True)
class Demand:
    """What a request asks of the server, and what a worker does.

    Attributes:
        users: N.
        vcpu: the plan's.
        app_s: S.
        cycle_s: S + Z: how long an undisturbed user takes from one request to the next.
        cpu_s: C.
        base_mb: memory of the process tree with one worker.
        worker_mb: memory that each further worker adds.
        bounded: whether slots bound what is served; an event loop's worker has no such bound.
    """

    users: int
    vcpu: int
    app_s: float
    cycle_s: float
    cpu_s: float
    base_mb: float
    worker_mb: float
    bounded: bool = True

    def memory_mb(self, workers: int) -> float:
        """Return the memory that so many workers would take, in MB."""
        return self.base_mb + self.worker_mb * (workers - 1)

    @property
    def best_rps(self) -> float:
        """What no setting can exceed."""
        return min(self.users / self.cycle_s, self.vcpu / self.cpu_s)

    @property
    def needed_slots(self) -> float:
        """The slots that are taken at that rate, by Little's law."""
        return self.best_rps * self.app_s


def bound(setting: Setting, demand: Demand) -> tuple[float, str]:
    """Return the highest throughput that the laws allow a setting, in 1/s, and which law it is."""
    bounds = {
        "users": demand.users / demand.cycle_s,
        "slots": setting.slots / demand.app_s if demand.bounded else math.inf,
        "cpu": min(setting.workers, demand.vcpu) / demand.cpu_s,
    }
    limit = min(bounds, key=lambda name: bounds[name])
    return bounds[limit], limit


def demand_of(results: Results) -> Demand | None:
    """Return what the runs so far tell of a request; None before an unloaded and a loaded run that are ok."""
    info, loaded = results.info, [run for run in results.runs if run.ok and run.analysis]
    if not info.unloaded or not loaded:
        return None
    app_s = (info.unloaded["app_ms"]["mean"] or 0.0) / 1e3  # None without the Server-Timing header
    cycle_s = cycle_of(info.unloaded)
    cpu_s = [value for run in loaded if (value := cpu_per_request(run.analysis or {}))]
    if not app_s or not cycle_s or not cpu_s:
        return None
    users, vcpu = int(info.options["users"]), int(info.plan["vcpu"])
    base_mb = info.unloaded_memory_mb or 0.0
    bounded = info.unloaded["bounds"]["slots_rps"] is not None
    cycle_s, further_mb = max(app_s, cycle_s), worker_mb(loaded, base_mb)
    return Demand(users, vcpu, app_s, cycle_s, median(cpu_s), base_mb, further_mb, bounded)


def cycle_of(unloaded: dict[str, Any]) -> float:
    """Return S + Z in s: how long one user takes from one request to the next; 0.0 if that is not known."""
    rate, response_ms = unloaded["bounds"]["users_rps"], unloaded["response_ms"]["mean"]
    return 1 / rate if rate else (response_ms or 0.0) / 1e3


def cpu_per_request(analysis: dict[str, Any]) -> float | None:
    """Return C in s, as the analysis has it in its CPU bound."""
    rate, setting = analysis["bounds"]["cpu_rps"], analysis["setting"]
    return min(setting["workers"], setting["vcpu"]) / rate if rate else None


def worker_mb(loaded: Sequence[Run], base_mb: float) -> float:
    """Return what a further worker takes: the highest of what the runs with more than one showed, in MB."""
    several = [run for run in loaded if run.workers > 1 and run.outside]
    grown = [((run.outside or {})["memory_peak_mb"] - base_mb) / (run.workers - 1) for run in several]
    return max(grown, default=0.0)
