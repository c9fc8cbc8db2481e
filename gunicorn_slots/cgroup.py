# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""What the container may use: vCPUs and memory, and whom the kernel has killed in it. cgroup v1 and v2."""

from __future__ import annotations

import math
import os
import re
from typing import Any

ROOT = "/sys/fs/cgroup"


def available_cpus(proc: str = "/proc/self/cgroup", root: str = ROOT) -> int:
    """Return the vCPUs this process may use: CPU affinity, and the cgroup's quota rounded up.

    `os.cpu_count()` and `nproc` do not see a quota (`docker run --cpus`, a Kubernetes limit).
    """
    affinity = getattr(os, "sched_getaffinity", None)  # Linux
    cpus = len(affinity(0)) if affinity else os.cpu_count() or 1
    quota = cgroup_quota(proc, root)
    return max(1, min(cpus, math.ceil(quota))) if quota else cpus


def cgroup_quota(proc: str, root: str) -> float | None:
    """Return the CPUs that the tightest cgroup around this process grants, None for no limit."""
    quotas = []
    for line in read(proc).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # cgroup v2
            folder, parse = root, quota_v2
        elif "cpu" in controllers.split(","):
            folder, parse = os.path.join(root, "cpu"), quota_v1
        else:
            continue
        # Inside a container the own cgroup is mounted as the root, so both ends of the path count.
        parts = [part for part in path.split("/") if part and part != ".."]
        for depth in range(len(parts) + 1):
            quotas.append(parse(os.path.join(folder, *parts[:depth])))
    return min((quota for quota in quotas if quota), default=None)


def quota_v2(folder: str) -> float | None:
    """`cpu.max` holds `max 100000` or `150000 100000` (quota and period in microseconds)."""
    fields = read(os.path.join(folder, "cpu.max")).split()
    return ratio(*fields) if len(fields) == 2 else None


def quota_v1(folder: str) -> float | None:
    """`cpu.cfs_quota_us` is -1 without a limit."""
    names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
    return ratio(*(read(os.path.join(folder, name)).strip() for name in names))


def ratio(quota: str, period: str) -> float | None:
    """Return quota / period, None where there is no limit or no number."""
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() and int(period) else None


def oom_kills(root: str = ROOT) -> int:
    """Return how many processes of this container the kernel has killed for lack of memory."""
    text = read(f"{root}/memory.events") or read(f"{root}/memory/memory.oom_control")  # cgroup v2, v1
    line = re.search(r"^oom_kill (\d+)$", text, re.MULTILINE)
    return int(line[1]) if line else 0


def memory_limit(root: str = ROOT) -> str:
    """Return this container's memory limit, for the log."""
    text = read(f"{root}/memory.max") or read(f"{root}/memory/memory.limit_in_bytes")
    limited = text.strip().isdigit() and int(text) < 2**60  # v1 has a large number for no limit
    return f"{int(text) / 2**20:.0f} MB" if limited else "the machine"


class KillWatch:
    """Says in the log that a worker was killed for lack of memory, where gunicorn only says SIGKILL."""

    def __init__(self) -> None:
        self.kills = oom_kills()

    def child_exit(self, server: Any, worker: Any) -> None:
        """gunicorn's hook of this name."""
        before, self.kills = self.kills, oom_kills()
        if before < self.kills:
            server.log.error(
                "The memory limit of %s was reached, and the kernel has killed a process of this container: worker "
                "%s, unless it ended by itself. Set fewer GUNICORN_WORKERS or GUNICORN_PRELOAD_APP=true; against a "
                "leak GUNICORN_MAX_REQUESTS; or give it more memory",
                memory_limit(),
                worker.pid,
            )


def read(path: str) -> str:
    """Return a small file's text, empty where it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return ""
