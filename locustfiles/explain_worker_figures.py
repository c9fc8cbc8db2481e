"""What the workers' own counters come to: busy slots, cores, growth of the memory, and who was there at once."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from explain_tally import OTHERS, Tally
from explain_types import WorkerFigures
from explain_workers import Said, Worker, WorkerId

# Less than this between two responses of a worker is too little to tell a rate from what it reads every 50 ms.
LEAST_SPAN = 0.5  # s
LEAST_BINS = 6  # for a growth
# What the memory of one process moves by anyway.
LEAST_GROWTH_MB = 4.0


class Use(NamedTuple):
    """What all workers together used at a time.

    Attributes:
        busy: slots that were held; None where no worker says so.
        cores: CPU seconds a second.
        hold: for how long a request held its slot, in s; None if unknown.
    """

    busy: float | None
    cores: float
    hold: float | None


class Growth(NamedTuple):
    """How the workers' resident memory grew in the second half of the window.

    Attributes:
        mb: all together.
        kb_each: for a request.
        steady: whether it grew about like that before, too (by half as much at least, by twice as much at most), and
            by more than memory moves anyway.
    """

    mb: float
    kb_each: float
    steady: bool


def cpu_seconds(worker: Worker) -> float:
    """Return the CPU seconds that a worker used for its requests.

    n responses span n - 1 intervals, while the requests of n intervals are counted.
    """
    n = worker.requests
    return (worker.last.cpu - worker.first.cpu) * n / (n - 1) if n > 1 else 0.0


def span(worker: Worker) -> float:
    """Return for how long a worker's counters are known, in s by its own clock; 0 where that is too little."""
    seconds = worker.last.at - worker.first.at
    return seconds if worker.clocked and seconds >= LEAST_SPAN else 0.0


def worker_figures(tally: Tally, seconds: float) -> tuple[WorkerFigures, ...]:
    """Return each worker's figures, most requests first."""
    timed = tally.timed
    return tuple(
        WorkerFigures(
            pid=pid,
            requests=worker.requests,
            share=worker.requests / timed,
            slots_busy=busy_slots(worker, seconds),
            cpu_cores=cores(worker, seconds),
            memory_mb=worker.last.rss_mb,
            instance=instance,
        )
        for (instance, pid), worker in sorted(tally.workers.items(), key=lambda item: -item[1].requests)
    )


def busy_slots(worker: Worker, seconds: float) -> float:
    """Return a worker's busy slots: the growth of `held`, else by Little's law."""
    known = span(worker)
    return (worker.last.held - worker.first.held) / known if known else worker.app_ms / 1e3 / seconds


def cores(worker: Worker, seconds: float) -> float:
    """Return the cores that a worker used."""
    known = span(worker)
    return (worker.last.cpu - worker.first.cpu) / known if known else cpu_seconds(worker) / seconds


def use(workers: Collection[Worker], number: int, seconds: float) -> Use:
    """Return what workers used; one that took the place of another counts for its own time only.

    What such a one had used before its first response is the import of the app.

    Args:
        workers: of one instance, or of all.
        number: how many of them there are at once.
        seconds: the window's length.
    """
    known = sum(span(worker) for worker in workers)
    all_known = all(span(worker) for worker in workers)
    held = sum(worker.last.held - worker.first.held for worker in workers if span(worker))
    served = sum(worker.last.served - worker.first.served for worker in workers if span(worker))
    hold = held / served if served > 0 else None
    if len(workers) <= number:
        busy = sum(busy_slots(worker, seconds) for worker in workers) if all_known else None
        return Use(busy, sum(cores(worker, seconds) for worker in workers), hold)
    imports = sum(worker.first.cpu for worker in workers if worker.clocked and worker.born_after > 0)
    if not known:
        return Use(None, (sum(cpu_seconds(worker) for worker in workers) + imports) / seconds, None)
    used = sum(worker.last.cpu - worker.first.cpu for worker in workers if span(worker))
    return Use(number * held / known, number * used / known + imports / seconds, hold)


def at_once(tally: Tally) -> int:
    """Return how many workers of one instance there were at once, for half of the window or longer, at most.

    A worker is there between the stretches in which it was first and last seen, without these two. One that takes no
    more requests, and only answers those that it has, is none of them: another one is there in its place.
    """
    seen: dict[WorkerId, list[int]] = {}
    served: dict[WorkerId, int] = {}
    for number in sorted(tally.bins):
        for who, said in tally.bins[number].said.items():
            if who != OTHERS and (said.served > served.get(who, -1) or not said.served):
                seen.setdefault(who, []).append(number)
                served[who] = said.served
    most = 0
    for instance in {who[0] for who in seen}:
        lasted = [bins for who, bins in seen.items() if who[0] == instance]
        there = [sum(1 for bins in lasted if bins[0] < number < bins[-1]) for number in tally.bins]
        most = max(most, sorted(there)[len(there) // 2])
    return most


def growth(tally: Tally) -> Growth | None:
    """Return how the memory grew; None where the run is too short to tell, or no worker says how many it served."""
    first = second = 0.0
    requests = counted = 0
    for who, worker in tally.workers.items():
        said = [part.said[who] for _, part in sorted(tally.bins.items()) if who in part.said]
        if not worker.clocked or len(said) < LEAST_BINS or who == OTHERS:
            continue
        middle = halfway(said)
        first += middle.rss_mb - said[0].rss_mb
        second += said[-1].rss_mb - middle.rss_mb
        requests += said[-1].served - middle.served
        counted += 1
    if requests <= 0:
        return None
    steady = second >= LEAST_GROWTH_MB * counted and first / 2 <= second <= first * 2
    return Growth(second, second * 1024 / requests, steady)


def halfway(said: list[Said]) -> Said:
    """Return what was said when half of the requests had been served."""
    half = (said[0].served + said[-1].served) / 2
    return min(said, key=lambda one: abs(one.served - half))
