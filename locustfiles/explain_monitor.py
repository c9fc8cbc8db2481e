"""Samples this process and what its machine grants it: CPU time, lag, cores, and the quota of its cgroup."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple

from explain_generator import Load
from explain_schedule import Ledger


class Throttling(NamedTuple):
    """Counters of a cgroup's CPU bandwidth control: how many periods had passed, and in how many it was stopped."""

    periods: int
    throttled: int


class Monitor:
    """Samples this process. `take` returns the load since the last call.

    Attributes:
        ledger: counts the arrivals, where some are due.
    """

    def __init__(self) -> None:
        self.folder = own_cgroup()
        self.ledger = Ledger()
        self.start()

    def start(self) -> None:
        """Begin anew."""
        self.at, self.cpu = time.perf_counter(), time.process_time()
        self.throttling = throttling(self.folder)
        self.lag_ms = self.wanted_ms = self.starts_ms = 0.0
        self.lags = self.waits = self.starts = 0
        self.ledger.start()

    def late(self, seconds: float) -> None:
        """Note that a timer fired this late."""
        self.lag_ms += max(0.0, seconds) * 1e3
        self.lags += 1

    def wanted(self, seconds: float) -> None:
        """Note that the scenario asked for a pause."""
        self.wanted_ms += seconds * 1e3
        self.waits += 1

    def started(self, response_ms: float) -> None:
        """Note a request that a user has sent in on_start."""
        self.starts_ms += response_ms
        self.starts += 1

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
            cores=cores(),
            starts=self.starts,
            starts_ms=self.starts_ms,
            arrivals=self.ledger.peek(),
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
