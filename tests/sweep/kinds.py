"""Kinds of apps that a sweep may meet: more than this project's sample app has."""

from __future__ import annotations

from tests.locustfiles.simulated import Route, around, between
from tests.sweep.apps import Kind


def thrashing(_mine: int, every: int) -> float:
    """Up to eight requests at a time do not disturb each other; beyond, they do more and more."""
    return max(1.0, float((every / 8) ** 1.5))


def convoy(mine: int, _every: int) -> float:
    """Threads of one worker take the interpreter's lock from each other."""
    return 1 + 0.01 * mine


PAGES = [Route(f"GET /page/{number}", [around(0.02)]) for number in range(9)]
STORY = [*PAGES, Route("GET /report", [0.8])]
IO = [Route("GET /", [around(0.1)])]
CPU = [Route("GET /", [("cpu", 0.02)])]
MIXED = [Route("GET /", [around(0.08), ("cpu", 0.005)])]

KINDS = {
    "waits": Kind(IO),
    "computes": Kind(CPU),
    "both": Kind(MIXED),
    "both, threads compete": Kind(MIXED, slower=convoy),
    "a lock in each worker": Kind([Route("GET /", [("lock", 0.02)])], each={"lock": 1}),
    "a lock for all workers": Kind([Route("GET /", [("lock", 0.02)])], shared={"lock": 1}),
    "a pool of ten that refuses": Kind(
        [Route("GET /", [("pool", around(0.1))])], shared={"pool": 10}, refuses=("pool",)
    ),
    "a pool of ten that waits": Kind([Route("GET /", [("pool", around(0.1))])], shared={"pool": 10}),
    "a pool of five in each worker that refuses": Kind(
        [Route("GET /", [("pool", around(0.1))])], each={"pool": 5}, refuses=("pool",)
    ),
    "a database of 20 connections": Kind([Route("GET /", [("db", around(0.05))])], shared={"db": 20}, refuses=("db",)),
    "failures that grow with the slots": Kind(IO, fails=lambda every: max(0.0, 0.01 * (every - 12))),
    "0.1 % fail": Kind([Route("GET /", [around(0.1)], fails=0.001)]),
    "5 % fail": Kind([Route("GET /", [around(0.1)], fails=0.05)]),
    "thinkers": Kind(STORY, users=15, think=between(1, 3), seconds=20, warm=3),
    "many thinkers": Kind(IO, users=100, think=between(1, 3), seconds=8, warm=3),
    "thinkers behind a pool": Kind(
        [Route("GET /", [("pool", around(0.1))])],
        shared={"pool": 3},
        users=60,
        think=between(0.8, 1.2),
        seconds=8,
        warm=2,
    ),
    "thinkers behind a pool in each worker": Kind(
        [Route("GET /", [("pool", around(0.15))])],
        each={"pool": 4},
        users=120,
        think=between(0.5, 1),
        seconds=8,
        warm=2,
    ),
    "thinkers, some behind a pool in each worker": Kind(
        [Route("GET /dashboard", [("pool", around(0.15))]), Route("GET /style.css", [0.001])],
        each={"pool": 4},
        users=80,
        think=between(0.5, 1),
        seconds=8,
        warm=2,
    ),
    "two lengths": Kind([Route("GET /", [lambda chance: 0.8 if chance.random() < 0.1 else 0.02])], seconds=6),
    "large workers": Kind(IO, base_mb=180.0, worker_mb=150.0),
    "one worker fits": Kind(IO, base_mb=300.0, worker_mb=290.0),
    "thrashing": Kind([Route("GET /", [around(0.05)])], slower=thrashing),
    "an upstream that takes six": Kind([Route("GET /", [0.01, ("up", around(0.1))])], shared={"up": 6}),
    "hello": Kind([Route("GET /", [("cpu", 0.002)])], seconds=2),
    "two vCPU, computes": Kind(CPU, vcpu=2),
    "four vCPU, computes without the lock": Kind(CPU, vcpu=4, memory_mb=7000.0, seconds=2, gil=False),
    "four vCPU, both": Kind(MIXED, vcpu=4, memory_mb=7000.0, users=72, seconds=2),
    "eight vCPU, waits": Kind(IO, vcpu=8, memory_mb=16000.0),
    "bare gthread": Kind(IO, kind="gthread"),
    "noise": Kind(MIXED, noise=0.05),
}
SAY_NOTHING = {
    "hangs": Kind([Route("GET /", [0.05, ("hang", 0.05)])]),
    "mixed up": Kind(IO, mixed_up=True),
    "Locust is the limit": Kind([Route("GET /", [("cpu", 0.001)])], fastest=300.0, seconds=2),
    "all fail": Kind([Route("GET /", [0.01], fails=1.0)]),
}
