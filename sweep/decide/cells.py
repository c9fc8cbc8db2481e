"""The runs of a setting, taken together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from explain_laws import Setting
from explain_types import Analysis
from sweep.decide.failures import Count, base_for, counted
from sweep.decide.prediction import Prediction
from sweep.records import DISTURBED, Info, Run

# Two windows of the same setting differ by this much on a quiet machine, so no interval is narrower. A p95 stands
# for fewer requests, and the analysis counts them in steps of 1 %.
RPS_RESOLUTION, P95_RESOLUTION = 0.01, 0.03
# The times of requests that were cut off at a window's ends are in no mean, so a bound may be so much too low.
BEYOND = 1.05
NOTHING = Count()


@dataclass(frozen=True)
class Interval:
    """A figure over the repeats: its mean, and the lowest and highest, at least `resolution` to either side of it."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float | None], resolution: float) -> Interval | None:
        """Return the interval of the values that are there; None if none is."""
        there = [value for value in values if value is not None]
        if not there:
            return None
        mean = fmean(there)
        return cls(mean, min(*there, mean * (1 - resolution)), max(*there, mean * (1 + resolution)))

    def overlaps(self, other: Interval) -> bool:
        """Whether the two cannot be told apart."""
        return self.low <= other.high and other.low <= self.high


@dataclass(frozen=True)
class Cell:
    """What is known of a setting.

    Attributes:
        setting: workers and threads.
        state: "ok", "failed" (a run failed, or more requests did than fail anyway), "void" (its figures say nothing of
            it) or "skipped" (not measured).
        note: why it failed, is void or was skipped; "" if it is ok.
        runs: all of its runs, in order.
        rps, p95_ms: over the runs that are ok; None without one. Requests that failed are in no rps.
        asked_rps: mean rate of the requests that the load asked for in those runs, in 1/s.
        count: the requests of those runs, and how many of them failed.
        starts: how many of them users sent in on_start, as logins.
        response_ms, queue_ms, cpu_ms: means over those runs, per request.
        app_ms: the same, of the time in the app: until the answer is out, as a stream is there beyond its headers.
        wait_ms: the same, of the rest of the response.
        queue_p95_ms: mean of the queue's 95th percentile; None where it is not known.
        slot_utilization: how many of the slots were busy, 0 to 1.
        cpu_utilization: of the plan's vCPUs, by the process tree, 0 to 1.
        memory_mb: the highest peak of the process tree.
        bound_rps: what the laws allow; None without a probe.
        limit: which of the bounds it is: "slots", "cpu" or "users".
        verdict: the analysis' verdict code in its last run.
        others: the most that other programs used of gunicorn's cores in a run, as a share of the plan's CPU.
    """

    setting: Setting
    state: Literal["ok", "failed", "void", "skipped"]
    note: str = ""
    runs: tuple[Run, ...] = ()
    rps: Interval | None = None
    p95_ms: Interval | None = None
    asked_rps: float | None = None
    count: Count = NOTHING
    starts: int = 0
    response_ms: float | None = None
    wait_ms: float | None = None
    queue_ms: float | None = None
    queue_p95_ms: float | None = None
    slot_utilization: float | None = None
    app_ms: float | None = None
    cpu_ms: float | None = None
    cpu_utilization: float | None = None
    memory_mb: float | None = None
    bound_rps: float | None = None
    limit: str | None = None
    verdict: str | None = None
    others: float | None = None

    @property
    def rate(self) -> float:
        """Its mean throughput, in 1/s; 0.0 without one."""
        return self.rps.mean if self.rps else 0.0

    @property
    def p95(self) -> float:
        """Its mean p95, in ms; infinite without one."""
        return self.p95_ms.mean if self.p95_ms else math.inf

    @property
    def disturbed(self) -> bool:
        """Whether other programs took much of gunicorn's cores in a run, twice in a row."""
        return (self.others or 0.0) > DISTURBED


def cells_of(info: Info, runs: Sequence[Run], prediction: Prediction | None) -> list[Cell]:
    """Return every setting that was measured or skipped, by workers and threads.

    Args:
        info: names those that were skipped.
        runs: the sweep's.
        prediction: what the laws allow them, None without a probe.
    """
    runs_of: dict[Setting, list[Run]] = {}
    for run in runs:
        runs_of.setdefault(run.setting, []).append(run)
    counts = {setting: counted(of_setting) for setting, of_setting in runs_of.items()}
    cells = []
    for setting, of_setting in runs_of.items():
        base = None if info.options.max_fail_ratio is not None else base_for(setting, counts, info)
        cells.append(measured(setting, of_setting, prediction, base))
    for entry in info.skipped:
        setting = Setting(entry.workers, entry.threads)
        if setting not in runs_of:
            rate, limit = prediction.bound(setting) if prediction else (None, None)
            cells.append(Cell(setting, "skipped", entry.reason, bound_rps=rate, limit=limit))
    return sorted(cells, key=lambda cell: cell.setting)


def measured(setting: Setting, runs: Sequence[Run], prediction: Prediction | None, base: Count | None) -> Cell:
    """Return a setting that has runs. One that failed fails the setting: users would meet it too.

    Args:
        setting: workers and threads.
        runs: its own.
        prediction: what the laws allow it.
        base: what its failures are compared with; None where a limit was given.
    """
    failed = [run for run in runs if not run.ok and not run.void]
    void = [run for run in runs if run.void]
    first = next(iter(failed or void), None)
    count = counted(runs)
    beyond = base is not None and count.beyond(base)
    note = (first.error or "") if first else ""
    if beyond and base and not failed:
        note = f"{count.share:.2%} of its {count.requests} requests failed, {base.share:.2%} do anyway"
        note = "\n".join([note, *(run.failures for run in runs if run.failures)][:2])
    good = [run.analysis for run in runs if run.ok and run.analysis]
    rps = Interval.of([served(analysis) for analysis in good], RPS_RESOLUTION)
    bound, limit = prediction.bound(setting) if prediction else (None, None)
    if bound and rps and rps.mean > BEYOND * bound:
        bound = limit = None  # what the measurement contradicts is no bound
    seen = [run.outside for run in runs if run.outside]
    return Cell(
        setting=setting,
        state="failed" if failed or beyond else "void" if void else "ok",
        note=note,
        runs=tuple(runs),
        rps=rps,
        p95_ms=Interval.of([analysis.response_ms.p95 for analysis in good], P95_RESOLUTION),
        asked_rps=mean(analysis.generator.offered_rps for analysis in good),
        response_ms=mean(analysis.response_ms.mean for analysis in good),
        count=count,
        starts=sum(analysis.load.on_start for analysis in good),
        wait_ms=mean(waiting(analysis) for analysis in good),
        queue_ms=mean(analysis.queue_ms.mean for analysis in good),
        queue_p95_ms=mean(analysis.queue_ms.p95 for analysis in good),
        slot_utilization=mean(analysis.slot_utilization for analysis in good),
        app_ms=mean(in_app(analysis) for analysis in good),
        cpu_ms=mean(analysis.cpu_ms.mean for analysis in good),
        cpu_utilization=mean(run.outside.cpu_utilization for run in runs if run.ok and run.outside),
        memory_mb=most(outside.memory_peak_mb for outside in seen),
        bound_rps=bound,
        limit=limit,
        verdict=good[-1].verdict.code if good else None,
        others=most(outside.others_utilization for outside in seen),
    )


def in_app(analysis: Analysis) -> float | None:
    """Return how long a request holds its slot, in ms, as the prediction has it; None where nobody knows."""
    held_s, headers_ms = analysis.demand.app_s, analysis.app_ms.mean
    return headers_ms if held_s is None or headers_ms is None else max(headers_ms, held_s * 1e3)


def waiting(analysis: Analysis) -> float | None:
    """Return what a response takes besides that, in ms."""
    held_ms, wait_ms = in_app(analysis), analysis.wait_ms.mean
    if held_ms is None or wait_ms is None:
        return wait_ms
    return max(0.0, wait_ms - (held_ms - (analysis.app_ms.mean or 0.0)))


def served(analysis: Analysis) -> float:
    """Return the rate of the requests that did not fail, in 1/s."""
    load = analysis.load
    return load.rps * (1 - load.failures / load.requests) if load.failures else load.rps


def seen_rps(cell: Cell) -> float:
    """Return the most that a setting was seen to serve, also in a run that failed or is void; 0.0 if in none."""
    analyses = [run.analysis for run in cell.runs if run.analysis and run.analysis.verdict.code != "mixed-up"]
    return cell.rate or max((served(analysis) for analysis in analyses), default=0.0)


def most(values: Iterable[float | None]) -> float | None:
    """Return the highest of what is there; None if nothing is."""
    return max((value for value in values if value is not None), default=None)


def mean(values: Iterable[float | None]) -> float | None:
    """Return the mean of what is there; None if nothing is."""
    there = [value for value in values if value is not None]
    return fmean(there) if there else None
