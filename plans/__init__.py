"""The sizes of Azure App Service's Linux plans, and one env file for each, for `docker compose --env-file`.

`plans.csv` is the table; `python -m plans` writes the env files from it. F1 is not there: it is a share of a
CPU for 60 minutes a day, which no container limit is like.
"""

import csv
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent

# What the platform itself uses on the VM: a B1 with a minimal app shows about 75 % of its 1.75 GB as used.
PLATFORM_MB = 1280


@dataclass(frozen=True)
class Plan:
    """A plan's size.

    Attributes:
        name: as in the portal, for instance "P1v3".
        vcpu: number of vCPUs.
        memory_gb: the VM's nominal memory, in GB (1024³ bytes).
    """

    name: str
    vcpu: int
    memory_gb: float

    @property
    def app_memory_mb(self) -> int:
        """What is left for the app, in MB (1024² bytes)."""
        return int(self.memory_gb * 1024) - PLATFORM_MB

    @property
    def cpuset(self) -> str:
        """The cores that stand for the vCPUs, in Docker's notation."""
        return "0" if self.vcpu == 1 else f"0-{self.vcpu - 1}"

    def env(self) -> str:
        """Return the text of the plan's env file."""
        return (
            f"# App Service plan {self.name}: {self.vcpu} vCPU, {self.memory_gb:g} GB, "
            f"less about {PLATFORM_MB / 1024:g} GB for the platform. Written by `python -m plans`.\n"
            f"APP_CPUSET={self.cpuset}\n"
            f"APP_MEMORY={self.app_memory_mb}m\n"
            f"SWEEP_PLAN={self.name}\n"
        )


def load() -> dict[str, Plan]:
    """Return all plans by name."""
    with (FOLDER / "plans.csv").open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        plans = [Plan(row["plan"], int(row["vcpu"]), float(row["memory_gb"])) for row in rows]
    return {plan.name: plan for plan in plans}


def engine_cpus() -> int | None:
    """Return the CPUs of Docker's machine, which need not be this one; None where there is no Docker."""
    try:
        done = subprocess.run(["docker", "info", "--format", "{{.NCPU}}"], capture_output=True, text=True, check=True)  # noqa: S607 from PATH
        return int(done.stdout) or None
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


def problem(name: str) -> str | None:
    """Return one line on why this machine cannot stand for a plan, None if it can."""
    plans = load()
    if name not in plans:
        return f"PLAN={name}: expected one of {', '.join(plans)}"
    cores = engine_cpus() or os.cpu_count() or 1
    if plans[name].vcpu > cores:
        return f"PLAN={name}: has {plans[name].vcpu} vCPU: expected no more than this machine's {cores}"
    return None
