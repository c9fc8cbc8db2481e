"""What is measured, the same for all settings, and where."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from plans import Plan
from sweep.measure import machine
from sweep.options import Options


@dataclass(frozen=True)
class Target:
    """What is measured.

    Attributes:
        python: the interpreter that has gunicorn and the app's requirements.
        app: MODULE:NAME; None lets the configuration find one.
        chdir: the app's folder.
        scenario: the locustfile.
        pause: how long users think; None leaves it to the scenario.
        gunicorn: settings held fixed, by name.
        vcpu: the plan's.
        memory_mb: what the plan leaves the app; a run that takes more is ended, as the kernel would.
        app_cores, generator_cores: where gunicorn and Locust run; () is everywhere.
        start_seconds: how long the app may take to start.
    """

    python: str
    app: str | None
    chdir: Path
    scenario: Path
    gunicorn: Mapping[str, str]
    vcpu: int
    memory_mb: float
    app_cores: tuple[int, ...]
    generator_cores: tuple[int, ...]
    start_seconds: float
    pause: str | None = None


def target_of(options: Options, plan: Plan) -> Target:
    """Return what is measured, and where.

    Raises:
        CoresError: the machine cannot hold the plan.
    """
    app_cores, generator_cores = machine.split(plan, machine.available_cores(), options.share_cores)
    pinned = machine.can_pin()
    return Target(
        python=options.python,
        app=options.app,
        chdir=Path(options.chdir).resolve(),
        scenario=options.locustfile.resolve(),
        gunicorn=options.gunicorn,
        vcpu=machine.vcpu_of(plan),
        memory_mb=plan.app_memory_mb,
        app_cores=app_cores if pinned else (),
        generator_cores=generator_cores if pinned else (),
        start_seconds=options.start_seconds,
        pause=options.pause,
    )


def environment_of(target: Target, versions: Mapping[str, str]) -> dict[str, str]:
    """Return what the report says of the machine, by name."""

    def where(cores: Sequence[int]) -> str:
        return f"core {', '.join(map(str, cores))}" if cores else "any core, as this system cannot pin"

    return {
        "CPU": machine.cpu_model(),
        "cores": str(len(machine.available_cores())),
        "gunicorn on": where(target.app_cores),
        "Locust on": where(target.generator_cores),
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "Locust": importlib.metadata.version("locust"),
        **versions,
    }
