"""Sweeps made by hand: results as the laws have them, so that reports and recommendations can be tested at once.

`sweep(folder, settings, …)` is a whole folder of them, as from a plan with one vCPU under 36 users whose requests wait
100 ms; `run(…)` and `analysis(…)` are single parts.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from explain_laws import Demand, bounds, in_use
from explain_types import (
    SCHEMA,
    Analysis,
    ArrivalFigures,
    Code,
    CpuTime,
    Generator,
    SettingInForce,
    Times,
    Verdict,
    Workload,
)
from sweep.decide.findings import Findings
from sweep.decide.recommendation import Recommendation
from sweep.folder import Results, create
from sweep.options import Options
from sweep.records import Info, Outside, PlanSize, Run

USERS, VCPU, MEMORY_MB = 36, 1, 512.0
APP_S, CPU_S = 0.1008, 0.0008
BASE_MB, WORKER_MB = 42.0, 16.0
GRID = [(workers, threads) for workers in (1, 2, 3, 5) for threads in (1, 2, 4, 6, 9, 12, 18, 36)]
HOSTILE = "<script>alert(1)</script> | `code` **bold** @someone\n=1+1\n</script><img src=http://example.invalid/x>\n\x1b[31mred"
CODES: dict[str, Code] = {"users": "healthy", "slots": "slots", "cpu": "cpu"}


def analysis(
    workers: int,
    threads: int,
    *,
    users: int = USERS,
    vcpu: int = VCPU,
    app_s: float = APP_S,
    cpu_s: float = CPU_S,
    think_s: float = 0.0,
    factor: float = 1.0,
    worker_class: str = "SlotWorker",
) -> Analysis:
    """Locust's analysis of a setting that serves `factor` of what the laws allow it."""
    slots = workers * threads
    demand = Demand(app_s, cpu_s, think_s, True)
    allowed = bounds(demand, users, workers, slots, vcpu)
    limit, highest = allowed.lowest() or ("", 0.0)
    rps = 0.985 * factor * highest
    response = users / rps - think_s  # a user is in the system or thinks
    app = min(response, app_s) if limit != "cpu" else min(response, app_s + slots * cpu_s)
    return Analysis(
        schema=SCHEMA,
        setting=SettingInForce(workers, threads, slots, worker_class, vcpu),
        load=Workload(
            users, seconds=5.0, requests=round(rps * 5), failures=0, rps=rps, accounted_users=users, start_s=0.0
        ),
        arrivals=ArrivalFigures(),
        response_ms=times(response),
        delay_ms=Times(None, None, None, None),
        wait_ms=times(response - app),
        queue_ms=times(response - app),
        wire_ms=times(0.0),
        queue_known=1.0,
        app_ms=times(app),
        app_quick_ms=app_s * 1e3,
        app_start_ms=app_s * 1e3,
        cpu_ms=CpuTime(0.8 * cpu_s * 1e3),
        slots_busy=in_use(rps, app),
        slot_utilization=in_use(rps, app) / slots,
        cpu_utilization=in_use(rps, cpu_s) / vcpu,
        memory_mb=BASE_MB + WORKER_MB * (workers - 1),
        memory_growth_kb=0.0,
        workers=(),
        routes=(),
        demand=demand,
        bounds=allowed,
        generator=Generator(31.0, False, 1, 0.4, None, 0.0, rps, rps),
        verdict=Verdict(CODES[limit], "…", "…"),
    )


def times(mean_s: float) -> Times:
    """A time's mean and percentiles, in ms."""
    mean = mean_s * 1e3
    return Times(mean, p50=mean, p95=1.05 * mean, p99=1.1 * mean)


def outside(memory_mb: float, cpu_utilization: float = 0.5, others: float | None = 0.0, workers: int = 1) -> Outside:
    """What an observer saw of a run."""
    return Outside(memory_mb, cpu_utilization * VCPU * 5.0, cpu_utilization, others, workers, 0, 8.2)


def run(
    workers: int, threads: int, repeat: int = 0, *, memory_mb: float | None = None, others: float = 0.02, **options: Any
) -> Run:
    """A run that is ok; `options` are those of `analysis`."""
    measured = analysis(workers, threads, **options)
    memory_mb = memory_mb or BASE_MB + WORKER_MB * (workers - 1)
    seen = outside(memory_mb, measured.cpu_utilization or 0.0, others, workers)
    return Run(workers, threads, repeat, "ok", None, measured, seen)


def failed(workers: int, threads: int, error: str, repeat: int = 0, *, void: bool = False) -> Run:
    """A run that failed, or is void."""
    return Run(workers, threads, repeat, "failed", error, None, None, void)


def info(probe: bool = True, **options: Any) -> Info:
    """What sweep.json holds; `options` are the sweep's."""
    return Info(
        options=Options.of(**{"seconds": 5.0} | options),
        plan=PlanSize("B1", VCPU, MEMORY_MB),
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


def ran(workers: int, threads: int, rps: float, p95: float, memory: float = 50.0, repeat: int = 0) -> Run:
    """A run that is ok, with these figures; all else as `run` has it."""
    measured = analysis(workers, threads)
    measured = replace(
        measured, load=replace(measured.load, rps=rps), response_ms=replace(measured.response_ms, p95=p95)
    )
    return Run(workers, threads, repeat, "ok", None, measured, outside(memory))


def recommended(folder: Path, runs: Iterable[Run], found: str | None = None, **options: Any) -> Recommendation:
    """What is recommended after these runs; `found` is an app that was not given, `options` are the sweep's."""
    about = info(**options)
    about.app = about.options.app or found or about.app
    results = create(folder, about)
    for one in runs:
        results.append(one)
    return Findings.of(results).recommendation
