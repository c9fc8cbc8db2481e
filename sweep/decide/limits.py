"""What holds a setting back, by what was measured and not by a bound that the measurement contradicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from explain_laws import CPU_FULL
from explain_words import figure
from sweep.decide.cells import Cell
from sweep.decide.prediction import Prediction

Limit = Literal["cpu", "gil", "users", "failures", "slots", "inside", "nothing"]

# Of a bound: who is so near has reached it.
REACHED = 0.95
# From so many of the slots on, all are busy.
BUSY = 0.90
# With so much of it in use, requests take longer for its sake, too.
COMPETING = 0.5
# By so much more than alone a request takes longer for a reason.
GREW = 1.15
# A queue that is shorter than this share of the response, or than a tick of the kernel's clock, keeps nobody waiting.
QUEUE_SHARE, QUEUE_MS = 0.10, 4.0
# Of the time in the app, what the routes take that are known.
MOST_OF_IT = 0.7
# So many more slots, and so much more throughput, are more.
MORE_SLOTS, MORE_RPS = 1.15, 1.03


def limit_of(cell: Cell, cells: Sequence[Cell], prediction: Prediction) -> Limit:
    """Return what limits a cell that was measured."""
    cores = (cell.cpu_utilization or 0.0) * prediction.vcpu
    reachable = prediction.cores(cell.setting.workers)
    if cores >= CPU_FULL * reachable:
        return "cpu" if reachable == prediction.vcpu else "gil"
    # How many arrivals are due in a window is chance.
    asked = cell.asked_rps if prediction.is_open and cell.asked_rps else prediction.users_rps
    longer = grew(cell, prediction)
    # And how long users think, too; they need not ask for as much while they wait for nothing.
    calm = prediction.thinking and queues_little(cell) and not longer
    if calm or cell.rate >= REACHED * asked * (1 - cell.count.share):
        return "users"
    full = (cell.slot_utilization or 0.0) >= BUSY and prediction.bounded
    if longer:
        return "inside"
    if full and cell.setting.slots < prediction.users and (limit := of_slots(cell, cells)):
        return limit
    if fair_larger(cell, cells):
        return "inside"
    return "users" if cell.setting.slots >= prediction.users else "nothing"


def of_slots(cell: Cell, cells: Sequence[Cell]) -> Limit | None:
    """Return whether a cell whose slots are all busy is limited by them; None if more were no better."""
    if any(other.state == "failed" and larger(other, cell) for other in cells):
        return "failures"
    fair = fair_larger(cell, cells)
    return "slots" if not fair or any(other.rate > MORE_RPS * cell.rate for other in fair) else None


def grew(cell: Cell, prediction: Prediction) -> bool:
    """Whether a request takes longer in the app than it does alone."""
    alone_ms, now_ms = growth(cell, prediction)
    return now_ms >= GREW * alone_ms


def queues_little(cell: Cell) -> bool:
    """Whether 95 of 100 requests hardly wait for a slot."""
    return cell.queue_p95_ms is not None and cell.queue_p95_ms <= max(QUEUE_MS, QUEUE_SHARE * (cell.response_ms or 0.0))


def growth(cell: Cell, prediction: Prediction) -> tuple[float, float]:
    """Return what a request takes in the app alone, and with a setting, in ms.

    One user's few requests need not be of the routes that all of them ask for. So each route is held against itself
    where those are known that take most of the time.
    """
    alone_ms = now_ms = all_ms = 0.0
    requests = 0
    for run in cell.runs:
        for route in run.analysis.routes if run.analysis and run.ok else ():
            taken = route.requests * (route.app_ms or 0.0)
            all_ms += taken
            if route.name in prediction.routes_s:
                now_ms += taken
                requests += route.requests
                alone_ms += route.requests * prediction.routes_s[route.name] * 1e3
    if now_ms and now_ms >= MOST_OF_IT * all_ms:
        return alone_ms / requests, now_ms / requests
    return prediction.app_s * 1e3, cell.app_ms or 0.0


def sentence(limit: Limit, cell: Cell, cells: Sequence[Cell], prediction: Prediction) -> str:
    """Say what limits a cell, with the figures that show it."""
    busy = f"{cell.cpu_utilization or 0.0:.0%}"
    alone, now = growth(cell, prediction)
    full = f"all of its slots are busy with the CPU {busy} busy"
    first = min((other.setting.slots for other in cells if other.state == "failed" and larger(other, cell)), default=0)
    few = cell.setting.workers
    gil = "its worker uses up the one core that Python's GIL leaves it"
    if few > 1:
        gil = f"its {few} workers use up the one core that Python's GIL leaves each of them"
    who = "arrival" if prediction.is_open else "user who needs one"
    queues = "something behind or inside the app that requests queue for is what limits it"
    told: dict[Limit, str] = {
        "cpu": f"the plan's CPU, {busy} busy, is what limits it: less CPU for a request helps, or a larger plan",
        "gil": gil,
        "users": f"there is a slot for each {who}, so what is left is the "
        f"{figure(cell.app_ms or 0.0)} ms that a request takes in the app, with the CPU {busy} busy",
        "failures": f"{full}, and from {first} slots on requests fail, which with {cell.setting.slots} they do not",
        "slots": f"{full}, so more of them may serve more",
        "inside": f"more slots were measured and served no more, with the CPU {busy} busy, so {queues}",
        "nothing": f"nothing that was measured explains why it serves no more: the CPU was {busy} busy, and a request "
        f"took {figure(now)} ms in the app, {figure(alone)} ms alone",
    }
    if limit == "inside" and grew(cell, prediction):
        if (cell.cpu_utilization or 0.0) >= COMPETING:
            queues = "requests compete for the CPU, or queue for something behind or inside the app"
        return (
            f"{queues}: their time in the app grew from {figure(alone)} to {figure(now)} ms "
            f"while the CPU was {busy} busy"
        )
    return told[limit]


def fair_larger(cell: Cell, cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells with clearly more slots that were measured without failing."""
    least = MORE_SLOTS * cell.setting.slots
    return [other for other in cells if other.setting.slots >= least and other.rps and other.state == "ok"]


def larger(other: Cell, cell: Cell) -> bool:
    """Whether a setting has more slots than another."""
    return other.setting.slots > cell.setting.slots
