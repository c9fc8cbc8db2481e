"""The analysis of a run: the laws' figures and the verdict, in the shape of design.md.

Pure: neither Locust nor gunicorn is needed, so that records from elsewhere can be analysed the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from explain_generator import Judgement, Load, judge
from explain_histogram import Histogram
from explain_laws import MS, WorkerFigures, figures
from explain_tally import Record, Tally, tally_of
from explain_verdict import decide

SCHEMA = 1


def rounded(value: float | None, digits: int = 4) -> float | None:
    """Round to significant digits, for the JSON."""
    return None if value is None else float(f"{value:.{digits}g}")


def times(histogram: Histogram) -> dict[str, float | None]:
    """Return a histogram's mean and percentiles."""
    percentiles = {f"p{percent}": rounded(histogram.percentile(percent)) for percent in (50, 95, 99)}
    return {"mean": rounded(histogram.mean), **percentiles}


def analyse(
    tally: Tally,
    users: int,
    seconds: float,
    loads: Sequence[Load] = (),
    memory_mb: float | None = None,
    paced_rps: float | None = None,
) -> dict[str, Any]:
    """Return the analysis in the shape of design.md.

    Args:
        tally: the requests that ended within the window.
        users: number of users, constant over the window.
        seconds: the window's length.
        loads: of each generator process.
        memory_mb: the plan's memory, None if it is not known.
        paced_rps: the rate that the scenario asks for, if it asks for one.
    """
    found = figures(tally, users, seconds)
    judgement = judge(loads, tally.response.mean or 0.0)
    decided = decide(tally, found, judgement, memory_mb)
    setting = found.setting if found else None
    share = found.busy / found.slots if found and found.slots else None
    bounds = found.bounds(found.slots, found.setting.workers) if found else {}
    rate = tally.requests / seconds if seconds > 0 else 0.0
    return {
        "schema": SCHEMA,
        "setting": {
            "workers": setting.workers if setting else None,
            "threads": setting.threads if setting else None,
            "slots": found.slots if found else None,
            "worker_class": setting.worker_class if setting else None,
            "vcpu": setting.vcpu if setting else None,
        },
        "load": {
            "users": users,
            "seconds": round(seconds, 2),
            "requests": tally.requests,
            "failures": tally.failures,
            "rps": rounded(rate),
        },
        "response_ms": times(tally.response),
        "wait_ms": times(tally.wait),
        "app_ms": times(tally.app),
        "cpu_ms": {"mean": rounded(tally.cpu_ms / tally.app.count) if tally.app.count else None},
        "slots_busy": rounded(found.busy) if found else None,
        "slot_utilization": rounded(share),
        "cpu_utilization": rounded(found.cpu_utilization) if found else None,
        "memory_mb": rounded(found.memory_mb) if found else None,
        "workers": [worker_json(worker) for worker in found.workers] if found else [],
        "bounds": {name: rounded(bounds.get(name)) for name in ("slots_rps", "cpu_rps", "users_rps")},
        "generator": generator_json(judgement, tally, rate, paced_rps),
        "verdict": {"code": decided.code, "text": decided.text, "suggestion": decided.suggestion},
    }


def worker_json(worker: WorkerFigures) -> dict[str, Any]:
    """Return a worker's row."""
    return {
        "pid": worker.pid,
        "requests": worker.requests,
        "share": round(worker.share, 3),
        "slots_busy": rounded(worker.slots_busy),
        "cpu_cores": rounded(worker.cores),
        "memory_mb": rounded(worker.rss_mb),
    }


def generator_json(judgement: Judgement, tally: Tally, rate: float, paced_rps: float | None) -> dict[str, Any]:
    """Return the generator's part.

    Offered is what the users would send at the response times they saw if the generator lost no time: the pauses
    they made, which have its delays in them, are replaced by those that the scenario asks for.
    """
    response, seen = tally.response.mean or 0.0, tally.think_ms / tally.thinks if tally.thinks else 0.0
    asked = response + min(seen, judgement.wanted_ms)
    offered = paced_rps or (rate * (response + seen) / asked if asked else rate)
    return {
        "cpu_percent": round(judgement.cpu_percent, 1),
        "saturated": bool(judgement.reasons),
        "processes": judgement.processes,
        "lag_ms": round(judgement.lag_ms, 2),
        "quota_cpus": judgement.quota_cpus,
        "throttled_percent": round(judgement.throttled_percent, 1),
        "offered_rps": rounded(offered),
        "achieved_rps": rounded(rate),
    }


def timeline(tally: Tally, seconds: float) -> dict[str, Any]:
    """Return the run over time, as columns: what the plots are drawn from. A bin that is not over is left out.

    `at` is a bin's end in s, `wait_ms` and `app_ms` are means, `slots_busy` and `cpu_utilization` as in the analysis;
    None where a bin has no value.
    """
    columns: dict[str, list[float | None]] = {
        name: [] for name in ("at", "rps", "wait_ms", "app_ms", "slots_busy", "cpu_utilization")
    }
    before: dict[int, float] = {pid: worker.cpu_first for pid, worker in tally.workers.items()}
    for number in range(int(seconds) // tally.width):
        part = tally.bins.get(number)
        columns["at"].append((number + 1) * tally.width)
        if part is None or not part.timed:
            columns["rps"].append(part.requests / tally.width if part else 0.0)
            for name in ("wait_ms", "app_ms", "slots_busy", "cpu_utilization"):
                columns[name].append(None)
            continue
        used = sum(max(0.0, cpu - before.get(pid, cpu)) for pid, cpu in part.cpu.items())
        before.update(part.cpu)
        columns["rps"].append(part.requests / tally.width)
        columns["wait_ms"].append(rounded(max(0.0, part.response_ms - part.app_ms) / part.timed))
        columns["app_ms"].append(rounded(part.app_ms / part.timed))
        columns["slots_busy"].append(rounded(part.app_ms / MS / tally.width))
        vcpu = tally.setting.vcpu if tally.setting else 1
        columns["cpu_utilization"].append(rounded(used / tally.width / vcpu))
    return columns


def analyse_records(records: Iterable[Record], users: int, seconds: float) -> dict[str, Any]:
    """Return the analysis of single records, without a generator's load."""
    return analyse(tally_of(records), users, seconds)
