"""The runs as results.csv, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from explain_types import Analysis
from sweep.decide.prediction import Prediction
from sweep.records import Outside, Run
from sweep.report import text

KINDS = ("response", "wait", "app")
# With their units.
COLUMNS = [
    *("workers", "threads", "slots", "repeat", "status", "error", "rps", "requests", "failures"),
    *(f"{kind}_{name}_ms" for kind in KINDS for name in ("mean", "p50", "p95", "p99")),
    *("cpu_mean_ms", "slots_busy", "slot_utilization", "cpu_utilization", "memory_peak_mb"),
    *("workers_started", "workers_died", "bound_rps", "limit", "verdict", "seconds"),
]


def table(runs: Sequence[Run], prediction: Prediction | None) -> str:
    """Return a line for each run, under the columns' names."""
    made = io.StringIO()
    writer = csv.DictWriter(made, COLUMNS)
    writer.writeheader()
    for run in runs:
        row = of_run(run) | (of_analysis(run.analysis) if run.analysis else {})
        row |= of_observer(run.outside) if run.outside else {}
        if prediction:
            row["bound_rps"], row["limit"] = prediction.bound(run.setting)
        writer.writerow({name: text.cell(value) for name, value in row.items()})
    return made.getvalue()


def of_run(run: Run) -> dict[str, object]:
    """Return what there is of each run."""
    return {
        "workers": run.workers,
        "threads": run.threads,
        "slots": run.setting.slots,
        "repeat": run.repeat,
        "status": "void" if run.void else run.status,
        "error": text.first_line(run.error or ""),
    }


def of_analysis(analysis: Analysis) -> dict[str, object]:
    """Return what Locust measured."""
    load = analysis.load
    row: dict[str, object] = {"rps": load.rps, "requests": load.requests, "failures": load.failures}
    for kind, times in zip(KINDS, (analysis.response_ms, analysis.wait_ms, analysis.app_ms), strict=True):
        named = {"mean": times.mean, "p50": times.p50, "p95": times.p95, "p99": times.p99}
        row |= {f"{kind}_{name}_ms": value for name, value in named.items()}
    return row | {
        "cpu_mean_ms": analysis.cpu_ms.mean,
        "slots_busy": analysis.slots_busy,
        "slot_utilization": analysis.slot_utilization,
        "verdict": analysis.verdict.code,
    }


def of_observer(outside: Outside) -> dict[str, object]:
    """Return what was seen of gunicorn."""
    return {
        "cpu_utilization": outside.cpu_utilization,
        "memory_peak_mb": outside.memory_peak_mb,
        "workers_started": outside.workers_started,
        "workers_died": outside.workers_died,
        "seconds": outside.seconds,
    }
