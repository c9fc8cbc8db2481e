"""Sweeps made by hand: results as the laws have them, so that reports and recommendations can be tested at once.

`sweep(folder, settings, …)` is a whole folder of them, as from a plan with one vCPU under 36 users whose requests wait
100 ms; `run(…)` and `analysis(…)` are single parts.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sweep.results import Info, Results, Run, create

USERS, VCPU, MEMORY_MB = 36, 1, 512.0
APP_S, CPU_S = 0.1008, 0.0008
BASE_MB, WORKER_MB = 42.0, 16.0
GRID = [(workers, threads) for workers in (1, 2, 3, 5) for threads in (1, 2, 4, 6, 9, 12, 18, 36)]
HOSTILE = "<script>alert(1)</script> | `code` **bold** @someone\n=1+1\n</script><img src=http://example.invalid/x>\n\x1b[31mred"


def analysis(
    workers: int,
    threads: int,
    *,
    users: int = USERS,
    vcpu: int = VCPU,
    app_s: float = APP_S,
    cpu_s: float = CPU_S,
    factor: float = 1.0,
    code: str | None = None,
) -> dict[str, Any]:
    """Locust's analysis of a setting that serves `factor` of what the laws allow it."""
    slots = workers * threads
    bounds = {"slots": slots / app_s, "cpu": min(workers, vcpu) / cpu_s, "users": users / app_s}
    limit = min(bounds, key=lambda name: bounds[name])
    rps = 0.985 * factor * bounds[limit]
    response = users / rps  # without a pause a user is always in the system
    app = min(response, app_s) if limit != "cpu" else min(response, app_s + slots * cpu_s)
    found: dict[str, Any] = {
        "schema": 2,
        "setting": {
            "workers": workers,
            "threads": threads,
            "slots": slots,
            "worker_class": "gthread",
            "vcpu": vcpu,
        },
        "load": {"users": users, "seconds": 5.0, "requests": round(rps * 5), "failures": 0, "rps": rps},
        "response_ms": times(response),
        "wait_ms": times(response - app),
        "app_ms": times(app),
        "cpu_ms": {"mean": 0.8 * cpu_s * 1e3},
        "slots_busy": rps * app,
        "slot_utilization": rps * app / slots,
        "cpu_utilization": rps * cpu_s / vcpu,
        "memory_mb": BASE_MB + WORKER_MB * (workers - 1),
        "workers": [],
        "bounds": {f"{name}_rps": value for name, value in bounds.items()},
        "generator": {"cpu_percent": 31.0, "saturated": False},
        "verdict": {"code": code or {"users": "healthy"}.get(limit, limit), "text": "…", "suggestion": "…"},
    }
    return found


def times(mean_s: float) -> dict[str, float]:
    """A time's mean and percentiles, in ms."""
    mean = mean_s * 1e3
    return {"mean": mean, "p50": mean, "p95": 1.05 * mean, "p99": 1.1 * mean}


def run(workers: int, threads: int, repeat: int = 0, *, memory_mb: float | None = None, **options: Any) -> Run:
    """A run that is ok; `options` are those of `analysis`."""
    found = analysis(workers, threads, **options)
    outside = {
        "memory_peak_mb": memory_mb or BASE_MB + WORKER_MB * (workers - 1),
        "cpu_seconds": found["cpu_utilization"] * found["setting"]["vcpu"] * 5.0,
        "cpu_utilization": found["cpu_utilization"],
        "others_utilization": 0.02,
        "workers_started": float(workers),
        "workers_died": 0.0,
        "seconds": 8.2,
    }
    return Run(workers, threads, repeat, "ok", None, found, outside)


def failed(workers: int, threads: int, error: str, repeat: int = 0, *, void: bool = False) -> Run:
    """A run that failed, or is void."""
    return Run(workers, threads, repeat, "failed", error, None, None, void)


def info(probe: bool = True, **options: Any) -> Info:
    """What sweep.json holds; `options` are the sweep's."""
    return Info(
        options={
            "users": USERS,
            "scenario": "io_bound",
            "app": None,
            "chdir": None,
            "plan": "B1",
            "max_p95": None,
            "repeats": 3,
            "seconds": 5.0,
            "gunicorn": {},
            "seed": 1,
        }
        | options,
        plan={"name": "B1", "vcpu": VCPU, "memory_mb": MEMORY_MB},
        environment={
            "CPU": "Intel Xeon, 2 cores",
            "Cores": "app 0, Locust 1",
            "Python": "3.11.7",
            "gunicorn": "27.0.1",
            "Locust": "2.47.0",
        },
        command="python -m sweep --scenario io_bound --users 36 --plan B1 --seed 1",
        started="2026-11-20T18:32:00+00:00",
        unloaded=analysis(1, 1, users=1) if probe else None,
        unloaded_memory_mb=BASE_MB if probe else None,
        unloaded_error=None
        if probe
        else "gunicorn did not answer within 20 s\nModuleNotFoundError: No module named 'shop'",
    )


def sweep(
    folder: Path,
    settings: Iterable[tuple[int, int]] = GRID,
    *,
    repeats: int = 3,
    seed: int = 1,
    noise: float = 0.006,
    about: Info | None = None,
    change: Callable[[int, int], dict[str, Any]] = lambda workers, threads: {},
) -> Results:
    """A finished sweep of these settings, written to a folder.

    Args:
        folder: where to.
        settings: workers and threads.
        repeats: runs of each.
        seed: of the noise.
        noise: standard deviation of a run's throughput.
        about: what sweep.json holds.
        change: further options of `run` for a setting.
    """
    chance = random.Random(seed)
    about = about or info(repeats=repeats)
    about.finished = True
    results = create(folder, about)
    for repeat in range(repeats):
        for workers, threads in settings:
            options = {"factor": chance.gauss(1, noise)} | change(workers, threads)
            results.append(run(workers, threads, repeat, **options))
    return results
