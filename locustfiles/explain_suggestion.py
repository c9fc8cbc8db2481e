"""The setting to try next, with what the bounds allow for it."""

from __future__ import annotations

import math
from typing import NamedTuple

from explain_figures import Figures
from explain_laws import Bounds, bounds, in_use, is_exact
from explain_words import plural, rps

# A suggested setting leaves this much of the CPU and of the memory free.
CPU_TARGET = 0.70
MEMORY_TARGET = 0.85
# One process is one crash, one restart and one GIL for all; one slot is one slow request for all.
LEAST_WORKERS, LEAST_SLOTS = 2, 2
# With more threads than this in one process, they mostly wait for each other's GIL.
MOST_THREADS = 64


class Shape(NamedTuple):
    """A setting to try."""

    workers: int
    threads: int

    @property
    def slots(self) -> int:
        """Requests served at a time."""
        return self.workers * self.threads

    def __str__(self) -> str:
        return f"GUNICORN_WORKERS={self.workers} GUNICORN_THREADS={self.threads}"


def needed(found: Figures, memory_mb: float | None) -> Shape:
    """Return the setting with which nobody waits for a slot, as far as the CPU has room for it.

    Each of N users is in the app for S / (S + Z) of the time, so the slots in use vary around N times that; two
    standard deviations above it is enough for 98 % of the time, and no more than N are ever needed. Where the CPU
    bound comes first, X = (cores / C) requests a second fill X · S slots; a quarter more leaves none of that unused.
    """
    setting = found.setting
    busy = found.hold / (found.hold + found.think) if found.hold else 1.0
    mean = found.users * busy
    need = min(float(found.users), mean + 2 * math.sqrt(mean * (1 - busy)))
    rate = found.bounds.users_rps or 0.0
    workers = max(setting.workers, min(setting.vcpu, math.ceil(rate * found.cpu / CPU_TARGET)))
    workers = fit(found, Shape(max(workers, LEAST_WORKERS), 1), memory_mb).workers
    if most := bounds_of(found, Shape(workers, 1)).cpu_rps:
        need = min(need, 1.25 * in_use(most, found.hold))
    count = max(math.ceil(need - 1e-9), LEAST_SLOTS)
    if found.cpu_utilization < CPU_TARGET:
        count = max(count, found.slots or 0)  # never fewer, while there is CPU to serve them
    if math.ceil(count / workers) > MOST_THREADS:
        workers = fit(found, Shape(math.ceil(count / MOST_THREADS), 1), memory_mb).workers
    return Shape(workers, math.ceil(count / workers))


def fit(found: Figures, shape: Shape, memory_mb: float | None) -> Shape:
    """Return the same slots with no more workers than the plan's memory has room for."""
    if memory_mb is None or found.memory_each_mb <= 0:
        return shape
    most = max(1, int(MEMORY_TARGET * memory_mb / found.memory_each_mb))
    return shape if shape.workers <= most else Shape(most, math.ceil(shape.slots / most))


def has_room(found: Figures, shape: Shape, memory_mb: float | None) -> bool:
    """Whether a setting's workers fit into the plan's memory, as far as that is known."""
    return fit(found, shape, memory_mb).workers >= shape.workers


def sturdier(found: Figures, memory_mb: float | None) -> Shape:
    """Return the setting in force, or at least as many slots in two workers.

    Two workers of bare gthread would be worse: each takes connections for which only the other one has a thread.
    """
    mine = current(found)
    if mine.workers >= LEAST_WORKERS or not is_exact(found.setting.worker_class):
        return mine
    better = fit(found, Shape(LEAST_WORKERS, max(1, math.ceil(mine.slots / LEAST_WORKERS))), memory_mb)
    return better if better.slots >= LEAST_SLOTS else Shape(better.workers, LEAST_SLOTS)


def bounds_of(found: Figures, shape: Shape, vcpu: int | None = None) -> Bounds:
    """Return the bounds of a setting for the same requests and users, on this plan or another one."""
    return bounds(found.demand, found.users, shape.workers, shape.slots, vcpu or found.setting.vcpu)


def current(found: Figures) -> Shape:
    """Return the setting in force."""
    return Shape(found.setting.workers, found.setting.threads)


def named(found: Figures, shape: Shape) -> str:
    """Return a setting as it would be set; a worker class without slots is told no threads."""
    return f"GUNICORN_WORKERS={shape.workers}" if found.slots is None else str(shape)


def suggest(found: Figures, shape: Shape, memory_mb: float | None) -> str:
    """Return a setting with the throughput that the bounds allow for it, what that assumes, and how to check it."""
    lowest = bounds_of(found, shape).lowest()
    slots = f" ({plural(shape.slots, 'slot')})" if found.slots is not None else ""
    allowed = f"the bounds allow {rps(lowest[1] if lowest else None)} with {plural(found.users, 'user')}"
    assumed = ""
    if found.slots is not None and shape.slots > found.slots:
        assumed = (
            f", if what is behind the app takes {shape.slots} requests at a time as quickly as {found.slots}, "
            "which was not seen"
        )
    told = f"{named(found, shape)}{slots}: {allowed}{assumed}." + memory_note(found, shape, memory_mb)
    return f"{told} {check(found, shape)}" if shape != current(found) else told


def check(found: Figures, shape: Shape) -> str:
    """Say how to see whether a setting is better, and the way back."""
    return (
        f"Check: `{named(found, shape)} docker compose up -d app`, and the same load again. If more requests fail, or "
        f"their p95 is longer, go back to {named(found, current(found))}."
    )


def memory_note(found: Figures, shape: Shape, memory_mb: float | None) -> str:
    """Say what a setting needs of the plan's memory, if that is known and not little."""
    if memory_mb is None:
        return ""
    need = found.memory_each_mb * shape.workers
    if need < 0.5 * memory_mb:
        return ""
    return f" Its workers need about {need:.0f} of {memory_mb:.0f} MB."
