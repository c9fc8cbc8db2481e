"""The setting to try next, with the most that the laws allow it."""

from __future__ import annotations

import math

from explain_figures import Figures
from explain_laws import Bounds, Setting, in_use, is_exact
from explain_words import plural, rps

# A suggested setting leaves this much of the CPU and of the memory free.
CPU_TARGET = 0.70
MEMORY_TARGET = 0.85
# One process is one crash, one restart and one GIL for all; one slot is one slow request for all.
LEAST_WORKERS, LEAST_SLOTS = 2, 2
# With more threads than this in one process, they mostly wait for each other's GIL.
MOST_THREADS = 64


def needed(figures: Figures, memory_mb: float | None, users: float | None = None) -> Setting:
    """Return the setting with which nobody waits for a slot, as far as the CPU has room for it; of each instance.

    Each of N users is in the app for S / (S + Z) of the time, so the slots in use vary around N times that; two
    standard deviations above it is enough for 98 % of the time, and no more than N are ever needed. Where the CPU
    bound comes first, X = (cores / C) requests a second fill X · S slots; a quarter more leaves none of that unused.
    Arrivals that do not wait for answers, λ a second, have λ · S in the app, which varies as chance has it.

    Args:
        figures: of the run.
        memory_mb: an instance's memory, None if it is not known.
        users: of one instance; None for its part of all.
    """
    setting, slots = figures.setting, figures.slots_each
    users = figures.users / figures.instances if users is None else users
    # A user who reads an answer after its time has ended pauses and holds a slot at the same time.
    seen = figures.hold if figures.queue is None else min(figures.hold, figures.response - figures.queue)
    busy = min(1.0, figures.hold / (seen + figures.think)) if seen > 0 else 1.0
    mean = users * busy
    need = min(float(users), mean + 2 * math.sqrt(mean * (1 - busy)))
    rate = (figures.bounds.users_rps or 0.0) / figures.instances
    if figures.asked is not None:
        rate = figures.asked / figures.instances
        mean = in_use(rate, figures.hold)
        need = mean + 2 * math.sqrt(mean)
    workers = max(setting.workers, min(figures.vcpu_each, math.ceil(rate * figures.cpu / CPU_TARGET)))
    workers = fit(figures, Setting(max(workers, LEAST_WORKERS), 1), memory_mb).workers
    if most := bounds_of(figures, Setting(workers, 1)).cpu_rps:
        need = min(need, 1.25 * in_use(most / figures.instances, figures.hold))
    count = max(math.ceil(need - 1e-9), LEAST_SLOTS)
    if figures.cpu_utilization < CPU_TARGET:
        count = max(count, slots or 0)  # never fewer, while there is CPU to serve them
    if math.ceil(count / workers) > MOST_THREADS:
        workers = fit(figures, Setting(math.ceil(count / MOST_THREADS), 1), memory_mb).workers
    return Setting(workers, math.ceil(count / workers))


def fit(figures: Figures, shape: Setting, memory_mb: float | None) -> Setting:
    """Return the same slots with no more workers than the plan's memory has room for."""
    if memory_mb is None or figures.memory_each_mb <= 0:
        return shape
    most = max(1, int(MEMORY_TARGET * memory_mb / figures.memory_each_mb))
    return shape if shape.workers <= most else Setting(most, math.ceil(shape.slots / most))


def has_room(figures: Figures, shape: Setting, memory_mb: float | None) -> bool:
    """Whether a setting's workers fit into the plan's memory, as far as that is known."""
    return fit(figures, shape, memory_mb).workers >= shape.workers


def sturdier(figures: Figures, memory_mb: float | None) -> Setting:
    """Return the setting in force, or at least as many slots in two workers.

    Two workers of bare gthread would be worse: each takes connections for which only the other one has a thread. Of
    several instances, one worker each is no single process for all.
    """
    mine = current(figures)
    if mine.workers * figures.instances >= LEAST_WORKERS and mine.slots >= LEAST_SLOTS:
        return mine
    if mine.workers >= LEAST_WORKERS or not is_exact(figures.setting.worker_class):
        return mine
    better = fit(figures, Setting(LEAST_WORKERS, max(1, math.ceil(mine.slots / LEAST_WORKERS))), memory_mb)
    return better if better.slots >= LEAST_SLOTS else Setting(better.workers, LEAST_SLOTS)


def bounds_of(figures: Figures, shape: Setting, vcpu: int | None = None) -> Bounds:
    """Return the bounds of a setting on each instance for the same requests and users, on this plan or another one."""
    number = figures.instances
    cores = figures.vcpu if vcpu is None else vcpu * number
    return figures.bounds_of(number * shape.workers, number * shape.slots, cores)


def current(figures: Figures) -> Setting:
    """Return the setting in force."""
    return Setting(figures.setting.workers, figures.setting.threads)


def kept(figures: Figures, and_then: str) -> str:
    """Say to keep the setting in force and what follows; only the latter where that is a single slot."""
    if figures.slots_each is not None and figures.slots_each < LEAST_SLOTS:
        return and_then[:1].upper() + and_then[1:]
    return f"Keep {placed(figures, current(figures))}, and {and_then}"


def named(figures: Figures, shape: Setting) -> str:
    """Return a setting as it would be set; a worker class without slots is told no threads."""
    return f"GUNICORN_WORKERS={shape.workers}" if figures.slots is None else shape.variables


def to_set(figures: Figures, shape: Setting) -> dict[str, str]:
    """Return a setting's variables; none where it is in force."""
    if shape == current(figures):
        return {}
    return dict(pair.split("=", 1) for pair in named(figures, shape).split())


def on_each(figures: Figures) -> str:
    """Say that a setting is one of each instance; "" where there is one."""
    return f" on each of {figures.instances} instances" if figures.instances > 1 else ""


def placed(figures: Figures, shape: Setting) -> str:
    """Return a setting as it would be set on each instance."""
    return f"{named(figures, shape)}{on_each(figures)}"


def suggest(figures: Figures, shape: Setting, memory_mb: float | None) -> str:
    """Return a setting with the throughput that the bounds allow for it, what that assumes, and how to check it."""
    lowest = bounds_of(figures, shape).lowest()
    slots = figures.instances * shape.slots
    told_slots = f" ({plural(slots, 'slot')})" if figures.slots is not None else ""
    allowed = f"for {load(figures)}"
    if lowest and lowest[1] >= figures.rate:  # else the requests are not what the bounds are made for
        allowed = f"at most {rps(lowest[1])}"
        allowed += f" with {load(figures)}" if figures.asked is None else f", and {load(figures)} are asked for"
    assumed = ""
    most = (
        slots if figures.instances == 1 or figures.asked else min(slots, figures.users)
    )  # of several, some stay empty
    if figures.slots is not None and most > figures.slots:
        assumed = (
            f", if what is behind the app takes {most} requests at a time as quickly as {figures.slots}, "
            "which was not seen"
        )
    told = f"{placed(figures, shape)}{told_slots}: {allowed}{assumed}."
    told += memory_note(figures, shape, memory_mb)
    return f"{told} {check(figures, shape)}" if shape != current(figures) else told


def load(figures: Figures) -> str:
    """Return what the app is to hold, in words."""
    return plural(figures.users, "user") if figures.asked is None else rps(figures.asked)


def check(figures: Figures, shape: Setting) -> str:
    """Say what a setting takes for granted, how to see whether it is better, and the way back."""
    alone = ""
    if figures.all_workers == 1 < shape.workers:
        alone = (
            "More than one worker needs an app that keeps nothing in its process that the next request needs, or that "
            "may be there only once: sessions, a rate limit, a scheduler, the rooms of websockets. "
        )
    return (
        f"{alone}Check: set it, and run the same load again. If more requests fail, or they take longer, "
        f"go back to {named(figures, current(figures))}."
    )


def memory_note(figures: Figures, shape: Setting, memory_mb: float | None) -> str:
    """Say what a setting needs of the plan's memory if that is not little; of an unknown plan's, if more than now."""
    need = figures.memory_each_mb * shape.workers
    if memory_mb is None:
        more = shape.workers > figures.setting.workers and need > 0
        return f" Its workers need about {need:.0f} MB." if more else ""
    if need < 0.5 * memory_mb:
        return ""
    return f" Its workers need about {need:.0f} of {memory_mb:.0f} MB."
