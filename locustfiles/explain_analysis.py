"""The analysis of a run: the laws' figures, rounded, and the verdict.

Pure: what is given decides, wherever it runs. Neither Locust nor gunicorn is needed, so that records from elsewhere can
be analysed the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from explain_arrivals import Arrivals
from explain_figures import MS, Figures, figures
from explain_generator import Judgement, Load, judge
from explain_histogram import Histogram
from explain_laws import Bounds, Demand
from explain_record import Record
from explain_rules import is_busy_known
from explain_spread import spread_of
from explain_tally import Tally, tally_of
from explain_turnout import UNKNOWN, Turnout
from explain_types import (
    SCHEMA,
    Analysis,
    ArrivalFigures,
    CpuTime,
    Generator,
    InstanceFigures,
    RouteFigures,
    SettingInForce,
    Times,
    WorkerFigures,
    Workload,
)
from explain_verdict import decide
from explain_verdict_none import Waited
from explain_words import rounded


def analyse(
    tally: Tally,
    users: int,
    seconds: float,
    loads: Sequence[Load] = (),
    memory_mb: float | None = None,
    paced_rps: float | None = None,
    start_s: float = 0.0,
    turnout: Turnout = UNKNOWN,
) -> Analysis:
    """Return the analysis.

    Args:
        tally: the requests that ended within the window.
        users: number of users, constant over the window; of arrivals that do not wait, of no meaning.
        seconds: the window's length.
        loads: of each generator process.
        memory_mb: the plan's memory, None if it is not known.
        paced_rps: the rate that the scenario asks for, if it asks for one.
        start_s: how long the test had been running when the window began.
        turnout: what is known of the users themselves.
    """
    judgement = judge(loads, tally.response.mean or 0.0)
    arrivals = judgement.arrivals
    users = arrivals.users_most if arrivals.is_open else users
    measured = figures(tally, users, seconds, judgement.pausing, arrivals, turnout.left)
    rate = tally.requests / seconds if seconds > 0 else 0.0
    busy = measured.busy if measured and is_busy_known(measured) else None
    share = busy / measured.slots if measured and busy is not None and measured.slots else None
    several = measured is not None and len(measured.by_instance) > 1
    return Analysis(
        schema=SCHEMA,
        setting=setting_in_force(measured),
        load=Workload(
            *(users, round(seconds, 2), tally.requests, tally.failures, rounded(rate)),
            accounted_users=rounded(measured.population) if measured and not arrivals.is_open else None,
            start_s=round(start_s, 2),
            on_start=(starts := sum(load.starts for load in loads)),
            on_start_ms=known(sum(load.starts_ms for load in loads) / starts if starts else None),
            exceptions=sum(tally.raised.values()),
        ),
        arrivals=arrival_figures(arrivals, measured),
        response_ms=times(tally.response),
        delay_ms=times(tally.delay),
        wait_ms=times(tally.wait),
        queue_ms=times(tally.queue),
        wire_ms=times(tally.wire),
        queue_known=rounded(tally.queue.count / tally.timed) if tally.timed else None,
        app_ms=times(tally.app),
        app_quick_ms=rounded(measured.start.now * MS) if measured and measured.start else None,
        app_start_ms=rounded(measured.start.then * MS) if measured and measured.start else None,
        cpu_ms=CpuTime(known(tally.cpu_ms / tally.timed) if tally.timed else None),
        slots_busy=known(busy),
        slot_utilization=known(share),
        cpu_utilization=rounded(measured.cpu_utilization) if measured else None,
        memory_mb=rounded(measured.memory_mb) if measured else None,
        memory_growth_kb=rounded(measured.growth.kb_each) if measured and measured.growth else None,
        instances=tuple(rounded_instance(one) for one in measured.by_instance) if measured else (),
        users_stay=rounded(measured.stays.stayed) if several and measured and measured.stays.known else None,
        users_bound=rounded(measured.stays.bound) if several and measured and measured.stays.known else None,
        workers=tuple(rounded_worker(worker) for worker in measured.workers) if measured else (),
        routes=tuple(rounded_route(route) for route in measured.routes) if measured else (),
        demand=rounded_demand(measured.demand) if measured else Demand(None, None, None, False),
        bounds=rounded_bounds(measured.bounds) if measured else Bounds(None, None, None),
        generator=generator(judgement, tally, rate, paced_rps),
        verdict=decide(tally, measured, judgement, memory_mb, Waited(users, seconds, turnout)),
        spread=spread_of(tally, seconds),
    )


def known(value: float | None, digits: int = 4) -> float | None:
    """Round what there is."""
    return None if value is None else rounded(value, digits)


def arrival_figures(arrivals: Arrivals, measured: Figures | None) -> ArrivalFigures:
    if not arrivals.is_open:
        return ArrivalFigures()
    return ArrivalFigures(
        asked_rps=rounded(arrivals.asked),
        due=arrivals.due,
        begun=arrivals.begun,
        held_back=arrivals.held_back,
        held_back_ms=rounded(arrivals.held_ms / arrivals.held_back) if arrivals.held_back else 0.0,
        left=arrivals.left,
        under_way=arrivals.under_way,
        max_users=arrivals.users_allowed,
        asked_utilization=known(measured.asked_utilization) if measured else None,
    )


def setting_in_force(measured: Figures | None) -> SettingInForce:
    if measured is None:
        return SettingInForce(None, None, None, None, None)
    workers, threads, worker_class, _ = measured.setting
    number = measured.instances if measured.by_instance else None
    return SettingInForce(workers, threads, measured.slots, worker_class, measured.vcpu, number)


def times(histogram: Histogram) -> Times:
    return Times(known(histogram.mean), *(known(histogram.percentile(percent)) for percent in (50, 95, 99)))


def rounded_worker(worker: WorkerFigures) -> WorkerFigures:
    return replace(
        worker,
        share=round(worker.share, 3),
        slots_busy=rounded(worker.slots_busy),
        cpu_cores=rounded(worker.cpu_cores),
        memory_mb=rounded(worker.memory_mb),
    )


def rounded_instance(one: InstanceFigures) -> InstanceFigures:
    return replace(
        one,
        share=round(one.share, 3),
        slots_busy=rounded(one.slots_busy),
        cpu_cores=rounded(one.cpu_cores),
        response_ms=rounded(one.response_ms),
        queue_ms=known(one.queue_ms),
    )


def rounded_route(route: RouteFigures) -> RouteFigures:
    return replace(
        route,
        p50_ms=known(route.p50_ms),
        p95_ms=known(route.p95_ms),
        queue_ms=known(route.queue_ms),
        app_ms=known(route.app_ms),
        app_quick_ms=known(route.app_quick_ms),
        app_start_ms=known(route.app_start_ms),
        cpu_ms=known(route.cpu_ms),
        held_share=None if route.held_share is None else round(route.held_share, 3),
    )


def rounded_demand(demand: Demand) -> Demand:
    """Round to more digits than are shown, as others calculate with it."""
    return replace(demand, app_s=known(demand.app_s, 6), cpu_s=known(demand.cpu_s, 6), think_s=known(demand.think_s, 6))


def rounded_bounds(bounds: Bounds) -> Bounds:
    return Bounds(known(bounds.slots_rps), known(bounds.cpu_rps), known(bounds.users_rps))


def generator(judgement: Judgement, tally: Tally, rate: float, paced_rps: float | None) -> Generator:
    """Return the generator's part.

    Offered is what the users would send at the response times they saw if the generator lost no time: the pauses
    they made, which have its delays in them, are replaced by those that the scenario asks for.
    """
    response, seen = tally.response.mean or 0.0, tally.think_ms / tally.thinks if tally.thinks else 0.0
    asked = response + min(seen, judgement.wanted_ms)
    arrivals = judgement.arrivals
    if arrivals.is_open and arrivals.due:  # at as many requests for a task as were seen
        paced_rps = rate * arrivals.due / max(1, arrivals.ended)
    offered = paced_rps or (rate * (response + seen) / asked if asked else rate)
    return Generator(
        cpu_percent=round(judgement.cpu_percent, 1),
        saturated=bool(judgement.reasons),
        processes=judgement.processes,
        lag_ms=round(judgement.lag_ms, 2),
        quota_cpus=judgement.quota_cpus,
        throttled_percent=round(judgement.throttled_percent, 1),
        offered_rps=rounded(offered),
        achieved_rps=rounded(rate),
    )


def analyse_records(records: Iterable[Record], users: int, seconds: float) -> Analysis:
    """Return the analysis of single records, without a generator's load."""
    return analyse(tally_of(records), users, seconds)
