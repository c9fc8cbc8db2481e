"""What is known of each case: the app, how it runs, who asks it, and which verdicts are right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

BARE = {"GUNICORN_WORKER_CLASS": "gthread", "GUNICORN_WORKER_CONNECTIONS": "1000", "GUNICORN_KEEPALIVE": "2"}


@dataclass(frozen=True)
class Known:
    """One case.

    Attributes:
        app: its module in apps/.
        what: where the requests wait, in words.
        verdicts: the codes that are right, with a space between.
        workers, threads, vcpu: how it runs; environ: what else is set for gunicorn.
        users, pause, visits, scenario: who asks it, for what: TRUTH_VISITS, and a locustfile in users/.
        seconds: of a run.
        cured: whether workers and threads can cure it.
        beyond: whether it is fine now and has a limit that no run with so few slots can see.
        services: what it needs; front: what nginx does before it, a file in fronts/.
        twin: a second gunicorn with so many threads, behind the same nginx or as TRUTH_OTHER; 0 for none.
        memory: the plan's.
        sweep: whether a sweep of it says something.
    """

    app: str
    what: str
    verdicts: str
    workers: int = 2
    threads: int = 9
    users: int = 18
    pause: str = "0"
    visits: str = "1 GET /"
    scenario: str = "visits"
    vcpu: int = 1
    environ: Mapping[str, str] = field(default_factory=dict)
    seconds: int = 8
    cured: bool = False
    beyond: bool = False
    services: tuple[str, ...] = ()
    front: str = ""
    twin: int = 0
    memory: str = "1750m"
    sweep: bool = False


NINE_PAGES = ", ".join(f"1 GET /page/{number}" for number in range(9)) + ", 1 GET /report"
WAITING = {
    "thinkers": Known(
        "pages",
        "for the only slot, behind one slow page",
        "slots",
        1,
        1,
        15,
        "1-3",
        NINE_PAGES,
        seconds=20,
        cured=True,
        sweep=True,
    ),
    "thinkers-cured": Known("pages", "nowhere", "healthy", 2, 3, 15, "1-3", NINE_PAGES, seconds=20),
    "waits": Known("waits", "for a slot", "slots", 3, 6, 36, cured=True, sweep=True),
    "waits-one-slot": Known("waits", "for a slot", "slots", 1, 1, 12, cured=True),
    "waits-enough-slots": Known("waits", "nowhere", "healthy", 3, 6, 18),
    "waits-large-workers": Known("large", "for a slot", "slots", 1, 1, 18, cured=True, memory="700m"),
    "two-lengths": Known(
        "two_lengths",
        "for a slot, behind the long ones",
        "slots",
        2,
        2,
        16,
        visits="1 GET /item",
        cured=True,
        sweep=True,
    ),
    "two-lengths-enough-slots": Known("two_lengths", "nowhere", "healthy", 2, 10, 16, visits="1 GET /item"),
    "name-server": Known(
        "resolves", "for a slot, behind look-ups", "slots", 2, 2, 12, visits="1 GET /mail", cured=True
    ),
    "warms-up": Known("warms_up", "nowhere, once it is warm", "healthy slots", 2, 6, 12, seconds=12),
    "stalls": Known("stalls", "for a job that stops all, each 5 s", "healthy inside", 2, 9, 18, seconds=16),
    "some-of-both": Known("some_of_both", "for a slot", "slots", 1, 4, 16, cured=True, sweep=True),
    "own-header": Known("tells_time", "for a slot", "slots", 2, 4, 16, cured=True),
    "redirects": Known("redirects", "for a slot", "slots", 2, 3, 16, visits="1 GET /old", cured=True),
    "uploads": Known("uploads", "for a slot", "slots", 1, 3, 10, visits="1 POST /files 400000", cured=True),
    "sign-in": Known("sign_in", "nowhere, once all are in", "healthy", 2, 6, 12, "0.1", scenario="signs_in"),
    "slow-import": Known("slow_import", "nowhere", "healthy", 2, 6, 10),
    "sync": Known("waits", "for a slot", "slots", 3, 1, 15, environ={"GUNICORN_WORKER_CLASS": "sync"}, cured=True),
    "bare-gthread": Known(
        "waits", "in workers that have no thread for them", "imbalance", 3, 6, 18, environ=BARE, cured=True
    ),
    "bare-gthread-pauses": Known(
        "two_lengths",
        "in workers that have no thread for them",
        "imbalance",
        3,
        2,
        12,
        "0.1-0.5",
        visits="1 GET /item",
        environ=BARE,
        seconds=12,
    ),
    "all-at-once": Known(
        "waits", "for a slot, each two seconds", "slots", 1, 4, 20, scenario="all_at_once", seconds=14
    ),
    "gevent": Known("waits", "nowhere", "healthy", 1, 1, 40, environ={"GUNICORN_WORKER_CLASS": "gevent"}),
}
COMPUTING = {
    "computes": Known("computes", "for the CPU", "cpu", 3, 4, 12, sweep=True),
    "computes-two-cores": Known("computes", "for the GIL", "gil", 1, 6, 12, vcpu=2, cured=True),
    "computes-one-slot": Known("computes", "for the CPU, and for the only slot", "cpu slots", 1, 1, 6),
    "computes-with-pauses": Known(
        "computes", "for others that compute", "healthy cpu", 2, 1, 17, "0.4-0.6", seconds=12
    ),
    "hashes-two-cores": Known("hashes", "for the CPU, without the GIL", "cpu", 1, 6, 8, vcpu=2),
    "collects-garbage": Known("collects", "for the CPU", "cpu", 2, 4, 8),
    "children": Known("children", "for the CPU, that programs use", "cpu", 2, 4, 8),
    "background-thread": Known("background", "for the CPU, that no request uses", "cpu", 1, 8, 8),
    "hands-over": Known("hands_over", "for the CPU, in threads of the app's own", "cpu", 2, 6, 12),
    "imports-again": Known(
        "slow_import",
        "for the CPU, that each new worker needs",
        "cpu",
        2,
        6,
        10,
        environ={"GUNICORN_MAX_REQUESTS": "50"},
        seconds=12,
    ),
    "starts-slowly-again": Known(
        "connects_first",
        "for workers that are not there yet",
        "imbalance",
        2,
        4,
        8,
        environ={"GUNICORN_MAX_REQUESTS": "200"},
        seconds=14,
    ),
    "sizes": Known(
        "sizes",
        "for the CPU at times",
        "cpu healthy slots",
        2,
        6,
        12,
        "0.2",
        visits="49 GET /list/100, 1 GET /list/10000",
    ),
    "leaks": Known("leaks", "nowhere; memory grows", "memory", 2, 6, 10, seconds=12),
    "generator": Known("hello", "in Locust", "generator", 2, 4, 40, scenario="requests_visits"),
}
INSIDE = {
    "lock-of-threads": Known("locks_threads", "for a lock that each process has", "inside", 1, 18, 18, sweep=True),
    "lock-of-a-file": Known("locks_file", "for a lock that all have", "inside", sweep=True),
    "lock-of-processes": Known(
        "locks_processes", "for a lock that all have", "inside", environ={"GUNICORN_PRELOAD_APP": "true"}
    ),
    "log-on-a-slow-disk": Known("logs", "for the log that each process has", "inside"),
    "blocks-the-loop": Known(
        "blocks_the_loop",
        "for an event loop that waits itself",
        "inside",
        1,
        1,
        18,
        environ={"GUNICORN_WORKER_CLASS": "gevent"},
    ),
    "permits": Known(
        "permits", "for permits that each process has", "inside", 2, 9, 18, visits="1 GET /page, 3 GET /export"
    ),
    "pool": Known(
        "pool_waits", "for connections that each process has", "inside", 2, 12, 24, services=("postgres",), sweep=True
    ),
    "hot-row": Known(
        "hot_row",
        "for a row that all update",
        "inside",
        visits="1 POST /orders, 2 GET /stock",
        services=("postgres",),
        sweep=True,
    ),
    "queries": Known("queries", "for a slot", "slots", 2, 3, 18, services=("postgres",), cured=True, sweep=True),
    "sqlite": Known("sqlite_writes", "for the only writer", "inside", 2, 6, 12, visits="1 POST /notes"),
    "upstream": Known("asks", "for a service that takes four", "inside", 2, 9, 18, services=("upstream",), sweep=True),
    "upstream-two-slots": Known(
        "asks", "for a slot; then for a service that takes four", "slots", 2, 1, 18, services=("upstream",), cured=True
    ),
    "ten-connections": Known(
        "connects",
        "for a slot; beyond ten the database refuses",
        "slots",
        2,
        3,  # PostgreSQL needs a moment to forget a connection that was closed
        24,
        services=("postgres-ten",),
        beyond=True,
        sweep=True,
    ),
}
FAILING = {
    "ten-connections-more-slots": Known(
        "connects", "nowhere: the database refuses", "errors", 3, 6, 18, services=("postgres-ten",)
    ),
    "pool-that-gives-up": Known(
        "pool_gives_up", "for connections, in vain", "errors", 2, 9, 18, services=("postgres",)
    ),
    "refuses": Known("refuses", "nowhere: it refuses", "errors", 2, 4, 8),
    "limit-before-it": Known("hello", "nowhere: nginx refuses", "errors no-data", 2, 4, 4, "0.02", front="limits"),
    "delay-before-it": Known("hello", "in nginx, which lets 40 a second pass", "healthy", 2, 4, 12, front="delays"),
    "one-of-twenty-fails": Known("fails", "nowhere: some fail", "errors", 2, 9, 18, visits="1 GET /20"),
    "one-of-twenty-fails-one-slot": Known("fails", "for a slot; some fail", "errors", 1, 1, 12, visits="1 GET /20"),
    "gives-up": Known("waits", "for a slot, in vain", "errors", 1, 1, 18, scenario="gives_up"),
    "one-of-a-thousand-fails": Known(
        "fails", "for a slot", "slots", 2, 3, 18, visits="1 GET /1000", cured=True, sweep=True
    ),
    "bursts-of-errors": Known("bursts", "nowhere: at times all fail", "errors", 2, 9, 18, seconds=16),
    "hangs": Known("hangs", "for ever", "stuck", 2, 9, 18, seconds=12),
}
ELSEWHERE = {
    "streams": Known("streams", "for a slot, behind streams", "slots", 2, 3, 12, visits="1 GET /events", cured=True),
    "streams-enough-slots": Known("streams", "nowhere", "healthy", 2, 6, 12, visits="1 GET /events"),
    "watches": Known(
        "watches", "for a slot, behind streams without an end", "stuck", 2, 3, 18, scenario="watches", seconds=14
    ),
    "slow-readers": Known(
        "downloads", "for a slot, behind slow readers", "slots", 2, 2, 12, "0.1", scenario="reads_slowly", cured=True
    ),
    "nginx-buffers": Known(
        "downloads",
        "nowhere: nginx takes the answers",
        "healthy slots",
        2,
        2,
        8,
        "0.3",
        scenario="reads_slowly",
        front="plain",
    ),
    "behind-nginx": Known("waits", "for a slot", "slots", 2, 3, 18, front="plain", cured=True),
    "nginx-caches": Known("waits", "nobody knows: nginx answers most", "mixed-up no-data", front="cache"),
    "two-gunicorns": Known("waits", "nobody knows", "mixed-up", 2, 4, 16, front="plain", twin=4),
    "two-settings": Known("waits", "nobody knows", "mixed-up", 2, 4, 16, front="plain", twin=2),
    "two-hosts": Known("waits", "nobody knows", "mixed-up", 2, 4, 16, scenario="two_hosts", twin=2),
    "header-taken-off": Known("waits", "nobody knows", "no-data", 2, 4, 8, front="strips"),
}
KNOWN = WAITING | COMPUTING | INSIDE | FAILING | ELSEWHERE
