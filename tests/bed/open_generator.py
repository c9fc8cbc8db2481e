"""An open load generator that shares no code with the one under test, as wrk2 is not packaged: asyncio and sockets.

Each request is due at a moment that was drawn before the first was sent, has a connection of its own, and its time
counts from that moment. `python -m tests.bed.open_generator URL` reads the moments, in s from the start, and prints all
times in ms, both as JSON.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import sys
import time
import urllib.parse
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.bed import ROOT, clean_environ, programs
from tests.bed.cores import cores

LONGEST = 30.0  # s


@dataclass
class Times:
    """What came of the requests, in ms from the moments at which they were due.

    Attributes:
        ms: of those that were answered with 200.
        failures: how many were not.
    """

    ms: list[float] = field(default_factory=list)
    failures: int = 0

    def percentile(self, percent: float) -> float:
        """Return the time that so many percent did not exceed (nearest rank)."""
        ordered = sorted(self.ms)
        return ordered[max(0, math.ceil(percent * len(ordered) / 100) - 1)]


async def one(host: str, port: int, path: str, due: float, times: Times) -> None:
    """Make a request when it is due, and note how long after that its last byte came."""
    await asyncio.sleep(due - time.perf_counter())
    try:
        async with asyncio.timeout(LONGEST):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
    except (OSError, TimeoutError):
        answer = b""
    if answer.startswith(b"HTTP/1.1 200"):
        times.ms.append((time.perf_counter() - due) * 1e3)
    else:
        times.failures += 1


async def load(url: str, moments: Sequence[float]) -> Times:
    """Make a request at each moment."""
    address, times, begun = urllib.parse.urlsplit(url), Times(), time.perf_counter() + 0.1
    path = f"{address.path}?{address.query}"
    sent = [one(str(address.hostname), address.port or 80, path, begun + at, times) for at in moments]
    await asyncio.gather(*sent)
    return times


def at_random(rate: float, seconds: float, seed: int = 1) -> list[float]:
    """Return moments at random, so many in a second on average."""
    chance, moments = random.Random(seed), list[float]()
    while (last := (moments or [0.0])[-1] + chance.expovariate(rate)) < seconds:
        moments.append(last)
    return moments


def beside(url: str, moments: Sequence[float]) -> Future[Times]:
    """Start it on the load's core, beside what is done until the result is asked for."""
    command, seconds = [sys.executable, "-m", "tests.bed.open_generator", url], moments[-1] + LONGEST + 30
    pool, given = ThreadPoolExecutor(1), json.dumps(moments)

    def ended() -> Times:
        done = programs.ended(command, clean_environ(), cwd=ROOT, pin=cores()[1], given=given, seconds=seconds)
        return Times(**json.loads(done.stdout))

    future = pool.submit(ended)
    pool.shutdown(wait=False)
    return future


if __name__ == "__main__":
    made = asyncio.run(load(sys.argv[1], json.load(sys.stdin)))
    print(json.dumps({"ms": made.ms, "failures": made.failures}))
