"""What can be compared of a sweep, and of a run of Locust: the two kinds have what they share in one shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from explain_laws import Setting
from explain_types import Analysis
from sweep.decide.cells import P95_RESOLUTION, RPS_RESOLUTION, Cell, Interval, served
from sweep.decide.findings import Findings
from sweep.folder import ResultsError, load
from sweep.kept import KeptRun, is_run, read
from sweep.records import PlanSize

# With one of these different, or with another plan, two sweeps measured different things.
DECISIVE = ("users", "rps", "scenario", "pause")
# These are where it was written, the order, and what the table or the plan shows.
SILENT = ("seed", "workers", "threads", "plan")
# Runs of one setting differ by this much, so no interval is narrower; those of throughput and p95 are in cells.
CPU_RESOLUTION, MEMORY_RESOLUTION = 0.05, 0.02
UNKNOWN = Setting(0, 0)  # of a run whose responses say none


@dataclass(frozen=True)
class Figures:
    """A setting: whether its runs are ok, requests/s, 95th percentile, CPU of a request in the app, memory."""

    state: str
    rps: Interval | None = None
    p95_ms: Interval | None = None
    cpu_ms: Interval | None = None
    memory_mb: Interval | None = None


@dataclass(frozen=True)
class Side:
    """A sweep or a run.

    Attributes:
        kind: which of the two.
        decisive: what has to be the same, by name.
        others: what else may differ, by name, in groups.
        by_setting: its settings.
        app_s, cpu_s: what a request asks of the server, in s; of a sweep undisturbed, of a run under its load.
        conclusion: what it came to.
    """

    kind: str
    decisive: Mapping[str, str]
    others: Sequence[Mapping[str, str]]
    by_setting: Mapping[Setting, Figures]
    app_s: float | None
    cpu_s: float | None
    conclusion: str


def side_of(path: Path) -> Side:
    """Return the sweep or the run at a path.

    Raises:
        ResultsError: there is neither.
    """
    if is_run(path):
        return of_run(read(path))
    if not (path / "sweep.json").exists():
        raise ResultsError(f"{path}: expected the folder of a sweep, with a sweep.json, or of a run's analysis.json")
    return of_sweep(Findings.of(load(path)))


def of_sweep(findings: Findings) -> Side:
    """Return a sweep."""
    info, prediction, recommendation = findings.info, findings.prediction, findings.recommendation
    options = info.options.as_texts()
    classes = (run.analysis.setting.worker_class for run in findings.runs if run.analysis)
    return Side(
        kind="sweep",
        decisive={name: options[name] for name in DECISIVE} | plan_texts(info.plan),
        others=(
            {name: text for name, text in options.items() if name not in (*DECISIVE, *SILENT)},
            {"worker class": next(filter(None, classes), "")},  # the options only have it where it was asked for
            info.environment,
        ),
        by_setting={cell.setting: figures(cell) for cell in findings.cells if cell.runs},
        app_s=prediction.app_s if prediction else None,
        cpu_s=prediction.cpu_s if prediction else None,
        conclusion=f"{recommendation.setting or 'no recommendation'}. {recommendation.reason}",
    )


def plan_texts(plan: PlanSize) -> dict[str, str]:
    """Return a plan's size as text, by name."""
    return {f"plan's {name}": str(value) for name, value in msgspec.structs.asdict(plan).items()}


def figures(cell: Cell) -> Figures:
    """Return a sweep's setting."""
    good = [run for run in cell.runs if run.ok]
    return Figures(
        state=cell.state,
        rps=cell.rps,
        p95_ms=cell.p95_ms,
        cpu_ms=Interval.of((run.analysis.cpu_ms.mean for run in good if run.analysis), CPU_RESOLUTION),
        memory_mb=Interval.of((run.outside.memory_peak_mb for run in good if run.outside), MEMORY_RESOLUTION),
    )


def of_run(run: KeptRun) -> Side:
    """Return a run."""
    analysis, asked = run.analysis, run.asked
    setting, load = analysis.setting, analysis.load
    options = {name: asked.options.get(name, "") for name in ("pause", "paths")}
    rps = analysis.arrivals.asked_rps
    return Side(
        kind="run",
        # Named and written as sweeps have it. Arrivals take as many users as they need.
        decisive={"users": str(load.users) if rps is None else "", "rps": "" if rps is None else str(float(rps))}
        | {"scenario": asked.scenario, "plan's vcpu": "" if setting.vcpu is None else str(setting.vcpu)}
        | options,
        others=({"worker class": setting.worker_class or "", "host": asked.host or "", "Locust": asked.locust},),
        by_setting={Setting(setting.workers or 0, setting.threads or 0): of_analysis(analysis)},
        app_s=analysis.demand.app_s,
        cpu_s=analysis.demand.cpu_s,
        conclusion=f"{analysis.verdict.code}. {analysis.verdict.text}",
    )


def of_analysis(analysis: Analysis) -> Figures:
    """Return a run's setting. Its intervals are those that it knows of itself."""
    spread, load = analysis.spread, analysis.load
    well = served(analysis) / load.rps if load.rps else 1.0
    rates = (load.rps * well, *(end * well for end in (spread.rps_low, spread.rps_high) if end is not None))
    times = (analysis.response_ms.p95, spread.p95_low_ms, spread.p95_high_ms)
    return Figures(
        state="void" if analysis.verdict.code in ("generator", "mixed-up") else "ok" if load.requests else "failed",
        rps=around(rates, RPS_RESOLUTION),
        p95_ms=around(times, P95_RESOLUTION),
        cpu_ms=Interval.of([analysis.cpu_ms.mean], CPU_RESOLUTION),
        memory_mb=Interval.of([analysis.memory_mb], MEMORY_RESOLUTION),
    )


def around(values: Iterable[float | None], resolution: float) -> Interval | None:
    """Return the interval of a figure, which comes first, and of the ends between which it is known."""
    middle, *ends = values
    if middle is None:
        return None
    alone = Interval.of([middle], resolution)
    there = [end for end in ends if end is not None]
    return alone and Interval(middle, min(alone.low, *there, alone.high), max(alone.high, *there, alone.low))


def stem(text: str) -> str:
    """Return a scenario's name, of a sweep's path too."""
    return Path(text).stem
