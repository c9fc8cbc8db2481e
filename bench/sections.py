"""What is measured. Each section is one run; its figures are compared with each other and with nothing else."""

from __future__ import annotations

import contextlib
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click

from bench.keeping import keepalive
from bench.peers import rounds
from explain_schedule import Schedule
from tests.bed import clients, free_port, open_generator
from tests.bed.compose import Stack
from tests.bed.cores import cores
from tests.bed.docker import docker, image_bytes
from tests.bed.gunicorn import Server, gunicorn, wait_ready
from tests.bed.locust import HELLO, LOCUSTFILES, SCENARIOS, SHORT, WAITING, Load, Run, explained, locust
from tests.bed.waiting import wait_for_200

Rows = list[dict[str, Any]]

REPEATS = 3
SECONDS = 8
HERE = Path(__file__).parent
BASE_IMAGE = "python:3.13-slim-trixie"


def shuffled(cells: list[Any], repeats: int = REPEATS) -> Iterator[Any]:
    """Yield every cell so many times, each round in an order of its own, so that a slow minute hits no cell alone."""
    generator = random.Random(0)
    for _ in range(repeats):
        for cell in generator.sample(cells, len(cells)):
            click.echo(f"  {cell}", err=True)
            yield cell


SETTINGS: dict[str, tuple[bool, list[str], int | None]] = {
    # name: (without this stack's configuration, command line, slots)
    "gunicorn's default, 1 × 1": (True, [], 1),
    "`--workers 3`": (True, ["--workers", "3"], 3),
    "`--workers 3 --threads 6`, bare gunicorn": (True, ["--workers", "3", "--threads", "6"], 18),
    "`--workers 3 --threads 6`, this stack": (False, ["--workers", "3", "--threads", "6"], 18),
    "one gevent worker": (True, ["--worker-class", "gevent"], None),
}


def settings() -> Rows:
    """Throughput and latency of a route that waits 100 ms, by setting and users."""
    app, generator = cores()
    cells = [(name, users) for name in SETTINGS for users in (18, 36)]
    found: dict[tuple[str, int], list[Load]] = {cell: [] for cell in cells}
    for name, users in shuffled(cells):
        bare, args, _ = SETTINGS[name]
        with gunicorn([*args, "app:app"], bare=bare, pin=app) as server:
            result = locust(server.url, LOCUSTFILES / "io_bound.py", users, SECONDS, pin=generator)
            found[name, users].append(result)
    return [
        {
            "setting": name,
            "users": users,
            "ideal_rps": min(users, SETTINGS[name][2] or users) / 0.1,
            "rps": [round(result.rps, 1) for result in results],
            "p95_ms": [result.percentile(0.95) for result in results],
            "failures": sum(result.failures for result in results),
        }
        for (name, users), results in found.items()
    ]


POLICIES: dict[str, tuple[bool, list[str]]] = {
    "plain gthread": (True, ["--config", str(HERE / "policies" / "plain.py")]),
    "by settings alone": (True, ["--config", str(HERE / "policies" / "limited.py")]),
    "keep-alive while free": (True, ["--config", str(HERE / "policies" / "keeping.py")]),
    "this stack": (False, ["--workers", "3", "--threads", "6"]),
}
ROUTES = {"100 ms": LOCUSTFILES / "io_bound.py", "5 ms": SHORT, "0 ms": HELLO}


@contextlib.contextmanager
def policy(name: str) -> Iterator[Server]:
    """Run 3 × 6 under one of the ways to make slots exact."""
    bare, args = POLICIES[name]
    pin, _ = cores()
    if not bare:
        with gunicorn([*args, "app:app"], pin=pin) as server:
            yield server
        return
    port = free_port()
    with gunicorn([*args, "--bind", f"127.0.0.1:{port}", "app:app"], pin=pin, ready="") as server:
        server.port = port
        wait_ready(server, "/healthz")
        yield server


def policies() -> Rows:
    """The ways to make slots exact: throughput by route at 36 users, and clients that are slow to close."""
    _, generator = cores()
    kinds = [*ROUTES, "close after 50 ms", "close after 5 s"]
    found: dict[tuple[str, str], list[float]] = {(name, kind): [] for name in POLICIES for kind in kinds}
    for name, kind in shuffled(list(found)):
        with policy(name) as server:
            if kind in ROUTES:
                value = locust(server.url, ROUTES[kind], 36, 5, pin=generator).rps
            else:
                hold = 0.05 if "50 ms" in kind else 5.0
                times = clients.slow_closers(server.port, 36, hold, 6.0, threading.Event())
                value = statistics.median(times) * 1e3
            found[name, kind].append(round(value, 1))
    return [{"policy": name, **{kind: found[name, kind] for kind in kinds}} for name in POLICIES]


def waiting() -> Rows:
    """Requests lost with 60 users who POST every 2.0 s, for 30 s."""
    _, generator = cores()
    rows = []
    for name in POLICIES:
        click.echo(f"  {name}", err=True)
        with policy(name) as server:
            result = locust(server.url, WAITING, 60, 30, pin=generator)
        rows.append({"policy": name, "requests": result.requests, "failures": result.failures})
    return rows


def header() -> Rows:
    """What SERVER_TIMING costs: throughput of a hello route, and the workers' CPU time for each request."""
    app, generator = cores()
    rps: dict[str, list[float]] = {"false": [], "true": []}
    cpu: dict[str, list[float]] = {"false": [], "true": []}
    for value in shuffled(list(rps), 9):  # a difference of some percent needs more rounds than the others
        with gunicorn(["--workers", "3", "--threads", "6"], {"SERVER_TIMING": value}, pin=app) as server:
            before = server.cpu_seconds()
            result = locust(server.url, HELLO, 36, SECONDS // 2, pin=generator)
            rps[value].append(round(result.rps))
            cpu[value].append(round((server.cpu_seconds() - before) / result.requests * 1e6))
    return [{"SERVER_TIMING": value, "rps": rps[value], "cpu_us": cpu[value]} for value in rps]


def memory() -> Rows:
    """Memory of the whole process tree by number of workers, shared pages counted once, after a few requests."""
    rows = []
    for preload in ("false", "true"):
        used = []
        for workers in (1, 2, 3, 5):
            environ = {"GUNICORN_WORKERS": str(workers), "GUNICORN_PRELOAD_APP": preload}
            with gunicorn(environ=environ) as server:
                for _ in range(20 * workers):
                    server.get("/healthz")
                time.sleep(0.5)
                used.append(round(server.pss_mb(), 1))
        each = (used[-1] - used[0]) / 4
        rows.append({"preload_app": preload, "workers_1_2_3_5_mb": used, "each_further_mb": round(each, 1)})
    return rows


def image() -> Rows:
    """The image's size above its base, and the time from `docker run` to the first 200."""
    stack = Stack("slots-bench")
    stack.compose("build", "--quiet")
    try:
        above = image_bytes(stack.image) - image_bytes(BASE_IMAGE)
        seconds = [first_200(stack.image) for _ in range(5)]
    finally:
        stack.down()
    return [{"above_base_mb": round(above / 1e6, 1), "first_200_s": seconds}]


def first_200(name: str) -> float:
    """Return the seconds from `docker run` to the first answer."""
    port = free_port()
    begin = time.monotonic()
    container = docker("run", "--detach", "--publish", f"127.0.0.1:{port}:8000", name).stdout.strip()
    try:
        wait_for_200(f"http://127.0.0.1:{port}/healthz")
        return round(time.monotonic() - begin, 2)
    finally:
        docker("rm", "--force", container)


OPEN_SECONDS, OPEN_PATH, OPEN_REPEATS = 15, "/io?ms=100", 2


def open_load() -> Rows:
    """Percentiles of arrivals that do not wait, in ms: by Locust, and by a generator with nothing of Locust's.

    Both have the same moments, one after the other. Then a second in which nothing answers, also for users who wait.
    """
    rows = []
    for rate, seed in shuffled([(rate, seed) for rate in (54, 108, 153) for seed in range(OPEN_REPEATS)], 1):
        moments, schedule = list[float](), Schedule(rate, seed=f"{seed} 0")
        while (moment := schedule.next()) < OPEN_SECONDS:
            moments.append(moment)
        with gunicorn(["--workers", "3", "--threads", "6"], pin=cores()[0]) as server:
            other = open_generator.beside(server.url + OPEN_PATH, moments).result()
            args = ["--rps", str(rate), "--rps-seed", str(seed)]
            run = explained("io_bound.py", server.url, *args, users=1, seconds=OPEN_SECONDS)
        rows.append({"rate": rate, "seed": seed, "users": run.analysis["load"]["users"], **both(other, run)})
    return [*sorted(rows, key=lambda row: (row["rate"], row["seed"])), stalled()]


def both(other: open_generator.Times, run: Run) -> dict[str, Any]:
    """Return the percentiles that two generators have measured."""
    times = run.analysis["response_ms"]
    mine = [times["p50"], times["p95"], times["p99"]]
    return {"locust": mine, "other": [round(other.percentile(percent), 1) for percent in (50, 95, 99)]}


def stalled() -> dict[str, Any]:
    """Measure a stall of a second, for arrivals of two generators and for users who wait, all at once."""
    seconds, path = 15, "/io?ms=40"
    with gunicorn(["--workers", "1", "--threads", "64"], pin=cores()[0]) as server, ThreadPoolExecutor(2) as pool:
        scenario, environ = SCENARIOS / "path.py", {"BED_PATH": path}

        def locust_beside(*args: str, users: int) -> Future[Run]:
            return pool.submit(explained, scenario, server.url, *args, users=users, seconds=seconds, environ=environ)

        other = open_generator.beside(server.url + path, open_generator.at_random(48, seconds))
        arrivals, users = locust_beside("--rps", "48", users=1), locust_beside(users=2)
        server.stall(after=7.0, seconds=1.0)
        closed = users.result().analysis["response_ms"]
        row = {"rate": "stall", "users": 2, **both(other.result(), arrivals.result())}
    return row | {"closed": [closed["p50"], closed["p95"], closed["p99"]]}


SECTIONS: dict[str, Callable[[], Rows]] = {
    "settings": settings,
    "policies": policies,
    "waiting": waiting,
    "keepalive": keepalive,
    "header": header,
    "memory": memory,
    "image": image,
    "open": open_load,
    "peers": rounds.measure,
}
