"""The machine: which cores gunicorn and Locust get."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path

from plans import Plan
from sweep.errors import SweepError


class CoresError(SweepError):
    """The machine cannot hold the plan: one line on why, and what to pass."""


def available_cores() -> list[int]:
    """Return the cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux
    return sorted(affinity(0)) if affinity else list(range(os.cpu_count() or 1))


def can_pin() -> bool:
    """Whether this system lets a process choose its cores."""
    return hasattr(os, "sched_setaffinity")


def split(plan: Plan, cores: Sequence[int], share: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the cores for gunicorn and for Locust.

    Args:
        plan: gunicorn gets as many cores as it has vCPUs.
        cores: those there are.
        share: let Locust have all cores, gunicorn's too.

    Raises:
        CoresError: there are not enough, with what to pass instead.
    """
    there = f"{len(cores)} core{'s' if len(cores) > 1 else ''}"
    if plan.vcpu > len(cores):
        smaller = f"at most {len(cores) - 1} vCPU" if len(cores) > 1 else "1 vCPU and --share-cores"
        raise CoresError(
            f"--plan={plan.name}: has {plan.vcpu} vCPU, and this machine has {there}: expected a plan with {smaller}, "
            f"such as B1, or a machine with {plan.vcpu + 1} cores"
        )
    app = tuple(cores[: plan.vcpu])
    if share:
        return app, tuple(cores)
    if plan.vcpu == len(cores):
        smaller = f"a plan with at most {len(cores) - 1} vCPU, " if len(cores) > 1 else ""
        raise CoresError(
            f"--plan={plan.name}: takes all of this machine's {there}, and none is left for Locust: expected {smaller}"
            f"a machine with {plan.vcpu + 1} cores, or --share-cores, which measures less than the plan can do"
        )
    others = [core for core in cores if core not in app]
    # Two threads of one physical core slow each other down.
    apart = [core for core in others if not siblings(core) & set(app)]
    return app, tuple(apart or others)


def siblings(core: int) -> set[int]:
    """Return the cores that share a physical core with this one; only itself where the system does not say."""
    try:
        text = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list").read_text(encoding="ascii")
        together: set[int] = set()
        for part in text.strip().split(","):
            first, _, last = part.partition("-")
            together.update(range(int(first), int(last or first) + 1))
    except (OSError, ValueError):
        return {core}
    return together


def vcpu_of(plan: Plan) -> int:
    """Return the vCPUs that gunicorn will have: the plan's, or all cores where the system cannot keep it to them."""
    return plan.vcpu if can_pin() else len(available_cores())


@contextlib.contextmanager
def on(cores: Sequence[int]) -> Iterator[None]:
    """Keep this process, whose observing costs CPU too, on these cores; () is everywhere."""
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_model() -> str:
    """Return the processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
