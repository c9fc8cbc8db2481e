"""Synthetic runs whose figures are known."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from explain_analysis import analyse
from explain_generator import Load
from explain_record import Record
from explain_server_timing import Served, Timing
from explain_tally import Tally, tally_of
from explain_types import Analysis, Verdict

USUAL = Served(3, 6, "gthread", 1)
FINE = [Load(seconds=10, cpu_seconds=3, lag_ms=20, lags=200)]


def run(
    rate: float = 170.0,
    app_ms: float = 100.0,
    wait_ms: float = 2.0,
    cpu_ms: float = 1.0,
    setting: Served = USUAL,
    shares: tuple[float, ...] = (),
    seconds: float = 10.0,
    think_ms: float = 0.0,
    spread: float = 0.0,
    queue_ms: float | None = None,
) -> Iterator[Record]:
    """A run in which each request costs a worker `cpu_ms`. `spread` of the requests share all of the wait."""
    chance = random.Random(7)
    shares = shares or tuple([1 / setting.workers] * setting.workers)
    used = [0.0] * len(shares)
    for number in range(round(rate * seconds)):
        worker = chance.choices(range(len(shares)), shares)[0] if len(set(shares)) > 1 else number % len(shares)
        used[worker] += cpu_ms / 1e3
        wait = wait_ms if not spread else (wait_ms / spread if chance.random() < spread else 0.5)
        timing = Timing(app_ms, cpu_ms * 0.7, 100 + worker, setting, 1 + used[worker], 40.0, queue_ms)
        yield Record((number + 0.5) / rate, app_ms + wait, timing, None, think_ms)


def uniform(setting: Served, number: int, app_ms: float, wait_ms: float, cpu_s: float, think_ms: float = 0.0) -> Tally:
    """Requests of one kind, spread over the workers."""
    seen = min(setting.workers, 8)
    return tally_of(
        Record(
            index / number * 10,
            app_ms + wait_ms,
            Timing(app_ms, cpu_s * 1e3, 1 + index % seen, setting, index * cpu_s / seen, 40.0),
            None,
            think_ms,
        )
        for index in range(number)
    )


def verdict(users: int = 36, memory_mb: float | None = None, **figures: Any) -> Verdict:
    """The verdict on a run of users of whom those who send nothing just now make a long pause."""
    seconds, tally = figures.get("seconds", 10.0), tally_of(run(**figures))
    pausing = max(0.0, users - (tally.response.total + tally.think_ms) / 1e3 / seconds)
    loads = [FINE[0]._replace(wanted_ms=pausing * FINE[0].seconds * 1e3)]
    return analyse(tally, users, seconds, loads, memory_mb).verdict


def noisy(seed: int, mean_ms: float = 50.0, failing: float = 0.0, seconds: int = 20, users: int = 6) -> Analysis:
    """A run of users who send one request after another, of lengths that vary."""
    chance, records = random.Random(seed), list[Record]()
    for _ in range(users):
        at = 0.0
        while True:
            ms = chance.gammavariate(4, mean_ms / 4)
            if (at := at + ms / 1e3) >= seconds:
                break
            records.append(Record(at, ms, None, "HTTP 500" if chance.random() < failing else None))
    return analyse(tally_of(records), users, float(seconds))
