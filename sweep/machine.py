"""The machine: which cores gunicorn and Locust get, and what the report says of it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from plans import Plan
from sweep import ROOT
from sweep.cell import Target
from sweep.options import BadOptionError, Options
from sweep.processes import clean_environ

# Run by the app's Python in the app's folder: what gunicorn.conf.py says of the settings, and the versions.
PREFLIGHT = """
import importlib.metadata, json, platform, runpy, sys
conf, sys.argv = sys.argv[1], ["gunicorn", *sys.argv[2:]]
try:
    import gunicorn
except ImportError:
    sys.exit("no gunicorn")
settings = runpy.run_path(conf, run_name="__config__")
names = ("gunicorn", "flask", "django", "gevent")
versions = {}
for name in names:
    try:
        versions[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
versions = {"Python": platform.python_version(), **versions}
print(json.dumps({"app": settings.get("wsgi_app"), "versions": versions}))
"""


class CoresError(Exception):
    """The machine cannot hold the plan: one line on why, and what to pass."""


class RefusedError(Exception):
    """gunicorn.conf.py refuses a setting: its line."""


@dataclass(frozen=True)
class Preflight:
    """What the app's Python says before anything is measured.

    Attributes:
        app: MODULE:NAME, as given or as gunicorn.conf.py found it.
        versions: of Python, gunicorn and what else is known, by name.
    """

    app: str
    versions: dict[str, str]


def preflight(options: Options) -> Preflight:
    """Have gunicorn.conf.py take the settings, in the app's Python and folder.

    Raises:
        BadOptionError: that Python cannot be run, or has no gunicorn.
        RefusedError: gunicorn.conf.py refuses a setting.
    """
    variables = {f"GUNICORN_{name.upper()}": value for name, value in options.gunicorn.items()}
    command = [options.python, "-c", PREFLIGHT, str(ROOT / "gunicorn.conf.py"), *filter(None, [options.app])]
    try:
        done = subprocess.run(
            command,
            cwd=options.chdir,
            env=clean_environ(variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired):
        raise BadOptionError("python", options.python, "a Python that can be run") from None
    line = (done.stderr.strip().splitlines() or [""])[-1]
    if done.returncode and line.startswith("gunicorn.conf.py:"):
        raise RefusedError(line)
    try:
        found = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        expected = "a Python that has gunicorn and what the app requires"
        raise BadOptionError("python", options.python, expected) from None
    return Preflight(options.app or found["app"], found["versions"])


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
        found: set[int] = set()
        for part in text.strip().split(","):
            first, _, last = part.partition("-")
            found.update(range(int(first), int(last or first) + 1))
    except (OSError, ValueError):
        return {core}
    return found


def target_of(options: Options, plan: Plan) -> Target:
    """Return what is measured, and where.

    Raises:
        CoresError: the machine cannot hold the plan.
    """
    app_cores, generator_cores = split(plan, available_cores(), options.share_cores)
    pinned = can_pin()
    return Target(
        python=options.python,
        app=options.app,
        chdir=Path(options.chdir).resolve(),
        scenario=options.locustfile.resolve(),
        gunicorn=options.gunicorn,
        vcpu=vcpu_of(plan),
        memory_mb=plan.app_memory_mb,
        app_cores=app_cores if pinned else (),
        generator_cores=generator_cores if pinned else (),
        start_seconds=options.start_seconds,
    )


def environment_of(target: Target, versions: Mapping[str, str]) -> dict[str, str]:
    """Return what the report says of the machine, by name."""

    def where(cores: Sequence[int]) -> str:
        return f"core {', '.join(map(str, cores))}" if cores else "any core, as this system cannot pin"

    return {
        "CPU": cpu_model(),
        "cores": str(len(available_cores())),
        "gunicorn on": where(target.app_cores),
        "Locust on": where(target.generator_cores),
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "Locust": importlib.metadata.version("locust"),
        **versions,
    }


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
