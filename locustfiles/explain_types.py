"""What an analysis consists of: the JSON's one truth, for those who write it and those who read it.

The names are the JSON's keys. docs/analysis.md says what each of them means; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from explain_laws import Bounds, Demand

__all__ = [
    "SCHEMA", "Analysis", "ArrivalFigures", "Before", "Bounds", "Change", "Code", "CpuTime", "Demand", "Generator",
    "InstanceFigures", "PageData", "Paste", "RouteFigures", "SettingInForce", "Spread", "Timeline", "Times", "Verdict",
    "Waiting", "WorkerFigures", "Workload",
]  # fmt: skip

SCHEMA = 2  # 1 had no demand

Code = Literal[
    "healthy", "slots", "cpu", "gil", "imbalance", "inside", "stuck", "memory", "errors",
    "unknown", "mixed-up", "generator", "no-data",
]  # fmt: skip
Change = Literal["better", "same", "worse"]  # "same" is: no difference beyond chance

# For what requests wait until the app has them: a slot, or, though slots are free, the CPU, or their worker's own core
# that its GIL leaves it, or an event loop.
Waiting = Literal["slot", "cpu", "gil", "loop"]


@dataclass(frozen=True)
class SettingInForce:
    """gunicorn's effective setting, as its responses said it; None without such a response.

    Of several instances each has so many workers and threads; slots and vCPUs are those of all.
    """

    workers: int | None
    threads: int | None
    slots: int | None
    worker_class: str | None
    vcpu: int | None
    instances: int | None = None


@dataclass(frozen=True)
class Workload:
    """What the users did in the window."""

    users: int
    seconds: float
    requests: int
    failures: int
    rps: float
    accounted_users: float | None
    start_s: float
    on_start: int = 0
    on_start_ms: float | None = None
    exceptions: int = 0


@dataclass(frozen=True)
class ArrivalFigures:
    """What became of arrivals that do not wait for answers; None where users do."""

    asked_rps: float | None = None
    due: int | None = None
    begun: int | None = None
    held_back: int | None = None
    held_back_ms: float | None = None
    left: int | None = None
    under_way: int | None = None
    max_users: int | None = None
    asked_utilization: float | None = None


@dataclass(frozen=True)
class Times:
    """A time's mean and percentiles."""

    mean: float | None
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True)
class CpuTime:
    """A time of which only the mean is known."""

    mean: float | None


@dataclass(frozen=True)
class WorkerFigures:
    """One gunicorn worker; pid 0 stands for all those beyond the number that is kept apart."""

    pid: int
    requests: int
    share: float
    slots_busy: float
    cpu_cores: float
    memory_mb: float
    instance: str = ""


@dataclass(frozen=True)
class InstanceFigures:
    """One instance of gunicorn, with all of its workers."""

    instance: str
    workers: int
    requests: int
    share: float
    slots_busy: float
    cpu_cores: float
    response_ms: float
    queue_ms: float | None


@dataclass(frozen=True)
class RouteFigures:
    """The requests of one name; all further ones are "others"."""

    name: str
    requests: int
    failures: int
    p50_ms: float | None
    p95_ms: float | None
    queue_ms: float | None
    app_ms: float | None
    app_quick_ms: float | None
    app_start_ms: float | None
    cpu_ms: float | None
    held_share: float | None
    landed_on: str = ""


@dataclass(frozen=True)
class Generator:
    """Locust itself."""

    cpu_percent: float
    saturated: bool
    processes: int
    lag_ms: float
    quota_cpus: float | None
    throttled_percent: float
    offered_rps: float
    achieved_rps: float


@dataclass(frozen=True)
class Spread:
    """Between which figures the rate and the 95th percentile are known; None where the window is too short for that."""

    rps_low: float | None
    rps_high: float | None
    p95_low_ms: float | None
    p95_high_ms: float | None


UNKNOWN_SPREAD = Spread(None, None, None, None)


@dataclass(frozen=True)
class Verdict:
    """What the limit is: a code, a sentence with its figures, what to do, and its variables, "" for unset."""

    code: Code
    text: str
    suggestion: str
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Before:
    """The latest earlier run of the same load on another setting, as it is kept beside this one.

    A change is this run's against that one's, None where a spread is not known.
    """

    run: str
    setting: str
    now: str
    rps: float
    p95_ms: float
    rps_change: Change | None
    p95_change: Change | None
    does_as_well: bool
    text: str


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """A run, explained. With defaults is what analyses from before do not have."""

    schema: int
    setting: SettingInForce
    load: Workload
    arrivals: ArrivalFigures = ArrivalFigures()
    response_ms: Times
    delay_ms: Times = Times(None, None, None, None)
    wait_ms: Times
    queue_ms: Times
    wire_ms: Times
    queue_known: float | None
    app_ms: Times
    app_quick_ms: float | None
    app_start_ms: float | None
    cpu_ms: CpuTime
    slots_busy: float | None
    slot_utilization: float | None
    cpu_utilization: float | None
    memory_mb: float | None
    memory_growth_kb: float | None
    # With defaults, as analyses from before have none of these.
    instances: tuple[InstanceFigures, ...] = field(default=(), kw_only=True)
    users_stay: float | None = field(default=None, kw_only=True)
    users_bound: float | None = field(default=None, kw_only=True)
    workers: tuple[WorkerFigures, ...]
    routes: tuple[RouteFigures, ...]
    demand: Demand
    bounds: Bounds
    generator: Generator
    verdict: Verdict
    spread: Spread = UNKNOWN_SPREAD  # analyses from before have none
    before: Before | None = None


@dataclass(frozen=True)
class Paste:
    """A line to paste, and where: into a shell, as a startup command, as application settings, into .env."""

    where: Literal["compose", "startup", "settings", "env"]
    line: str


@dataclass(frozen=True)
class Timeline:
    """The run over time, as columns of one length: what the plots are drawn from."""

    at: list[float]
    rps: list[float]
    delay_ms: list[float | None]
    wait_ms: list[float | None]
    queue_ms: list[float | None]
    app_ms: list[float | None]
    slots_busy: list[float | None]
    cpu_utilization: list[float | None]


@dataclass(frozen=True)
class PageData:
    """What the page shows besides an analysis."""

    state: str
    waiting: Waiting
    timeline: Timeline
    paste: tuple[Paste, ...]
