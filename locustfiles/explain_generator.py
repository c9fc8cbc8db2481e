"""Whether the load generator itself is the limit: its CPU, its quota, and how late it gets to its events.

Locust warns above 90 % of a core. It sees neither a CPU quota (a container's limit) nor a core that another
process uses; both make a response look slow that came in time. Three signs are looked at, each in a process
that makes requests:

* its CPU time, from the window's start;
* how often its cgroup was stopped because the quota was used up (`cpu.stat`, cgroup v1 and v2);
* its lag: how late a timer fires. A response waits as long for its process as a timer does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

# Above this share of a core, Locust itself says that its figures may be wrong.
CPU_FULL = 0.90
# A cgroup that is stopped has all its responses wait for up to 0.1 s; in 5 % of the periods that is the p95.
THROTTLED_MOST = 0.05
# Lag is in every response time. Below 5 ms it is scheduling as usual.
LAG_LEAST_MS = 5.0
LAG_MOST = 0.10  # of the mean response time


class Throttling(NamedTuple):
    """Counters of a cgroup's CPU bandwidth control: how many periods had passed, and in how many it was stopped."""

    periods: int
    throttled: int


class Load(NamedTuple):
    """What one generator process did within a stretch of time.

    Attributes:
        seconds: how long it was.
        cpu_seconds: CPU time of the process, in s.
        lag_ms, lags: sum and number of the timers' delays.
        wanted_ms, waits: sum and number of the pauses that the scenario asked for.
        periods, throttled: of the cgroup, as in `Throttling`.
        quota: CPUs that the cgroup grants; 0 for no limit.
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
        )


class Judgement(NamedTuple):
    """What all generator processes together come to.

    Attributes:
        processes: how many made requests.
        cpu_percent: of one core, by the busiest one.
        throttled_percent: of the periods.
        lag_ms: mean, in the latest one.
        quota_cpus: None for no limit.
        wanted_ms: mean pause that the scenario asks for.
        reasons: why it is saturated, in words; empty if it is not.
    """

    processes: int
    cpu_percent: float
    throttled_percent: float
    lag_ms: float
    quota_cpus: float | None
    wanted_ms: float
    reasons: tuple[str, ...]


def judge(loads: Sequence[Load], response_ms: float) -> Judgement:
    """Judge the generator by its processes' loads and the mean response time that they saw."""
    loads = [load for load in loads if load.seconds > 0]
    cpu = max((load.cpu_seconds / load.seconds for load in loads), default=0.0)
    throttled = max((load.throttled / load.periods for load in loads if load.periods), default=0.0)
    lag_ms = max((load.lag_ms / load.lags for load in loads if load.lags), default=0.0)
    quota = min((load.quota for load in loads if load.quota), default=None)
    waits = sum(load.waits for load in loads)
    reasons = []
    if cpu >= CPU_FULL:
        reasons.append(f"a Locust process uses {cpu * 100:.0f} % of a core")
    if throttled >= THROTTLED_MOST:
        granted = f"its quota of {quota:g} CPU" if quota else "its CPU quota"
        reasons.append(f"Locust was stopped in {throttled * 100:.0f} % of the time slices, as {granted} was used up")
    if lag_ms >= max(LAG_LEAST_MS, LAG_MOST * response_ms):
        reasons.append(f"Locust gets to its events {lag_ms:.0f} ms late")
    return Judgement(
        processes=len(loads),
        cpu_percent=cpu * 100,
        throttled_percent=throttled * 100,
        lag_ms=lag_ms,
        quota_cpus=quota,
        wanted_ms=sum(load.wanted_ms for load in loads) / waits if waits else 0.0,
        reasons=tuple(reasons),
    )


class Monitor:
    """Samples this process. `take` returns the load since the last call."""

    def __init__(self) -> None:
        self.folder = own_cgroup()
        self.start()

    def start(self) -> None:
        """Begin anew."""
        self.at, self.cpu = time.perf_counter(), time.process_time()
        self.throttling = throttling(self.folder)
        self.lag_ms = self.wanted_ms = 0.0
        self.lags = self.waits = 0

    def late(self, seconds: float) -> None:
        """Note that a timer fired this late."""
        self.lag_ms += max(0.0, seconds) * 1e3
        self.lags += 1

    def wanted(self, seconds: float) -> None:
        """Note that the scenario asked for a pause."""
        self.wanted_ms += seconds * 1e3
        self.waits += 1

    def take(self) -> Load:
        """Return the load since the last call, or the start."""
        load = self.peek()
        self.start()
        return load

    def peek(self) -> Load:
        """Return the load so far, and go on."""
        now = throttling(self.folder)
        return Load(
            seconds=time.perf_counter() - self.at,
            cpu_seconds=time.process_time() - self.cpu,
            lag_ms=self.lag_ms,
            lags=self.lags,
            wanted_ms=self.wanted_ms,
            waits=self.waits,
            periods=now.periods - self.throttling.periods,
            throttled=now.throttled - self.throttling.throttled,
            quota=quota(self.folder),
        )


def own_cgroup(proc: str = "/proc/self/cgroup", root: str = "/sys/fs/cgroup") -> Path:
    """Return the folder with the CPU bandwidth files of this process's cgroup, v1 or v2.

    Inside a container its own cgroup is mounted as the root; on a host it is a folder below it.
    """
    candidates = [Path(root), Path(root, "cpu")]
    for line in read(Path(proc)).splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        inner = path.strip().lstrip("/")
        if controllers == "":
            candidates.insert(0, Path(root, inner))
        elif "cpu" in controllers.split(","):
            candidates.insert(0, Path(root, "cpu", inner))
    usable = [folder for folder in candidates if "nr_periods" in read(folder / "cpu.stat")]
    limited = [folder for folder in usable if quota(folder)]
    return [*limited, *usable, candidates[0]][0]


def throttling(folder: Path) -> Throttling:
    """Return the counters; zeros where there are none."""
    fields = dict(line.split(maxsplit=1) for line in read(folder / "cpu.stat").splitlines() if len(line.split()) == 2)
    numbers = [fields.get(name, "0").strip() for name in ("nr_periods", "nr_throttled")]
    return Throttling(*(int(text) if text.isdigit() else 0 for text in numbers))


def quota(folder: Path) -> float:
    """Return the CPUs that a cgroup grants; 0 for no limit."""
    fields = read(folder / "cpu.max").split() or [  # v2: "max 100000" or "150000 100000"
        read(folder / f"cpu.cfs_{name}_us").strip()
        for name in ("quota", "period")  # v1: a quota of -1 is none
    ]
    if len(fields) != 2 or not all(field.isdigit() for field in fields) or int(fields[1]) == 0:
        return 0.0
    return int(fields[0]) / int(fields[1])


def read(path: Path) -> str:
    """Return a small file's text; empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def cores() -> int:
    """Return the cores that this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux
    return len(affinity(0)) if affinity else os.cpu_count() or 1
