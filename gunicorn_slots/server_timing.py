# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""The Server-Timing header: what a request cost, and where. SERVER_TIMING=true adds it to any app, without a change.

Server-Timing: app;dur=101.9, cpu;dur=1.2, gunicorn;desc="pid=17 workers=3 threads=6 class=SlotWorker vcpu=1
               cpu=12.34 rss=48.1"
"""

from __future__ import annotations

import math
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from gunicorn.workers import base_async, gthread, sync

from gunicorn_slots.cgroup import available_cpus
from gunicorn_slots.parsing import parse_flag


def wanted(environ: Mapping[str, str]) -> bool:
    """Whether the environment asks for the header.

    Raises:
        BadSettingError: SERVER_TIMING is neither true nor false.
    """
    return parse_flag("SERVER_TIMING", environ.get("SERVER_TIMING", "").strip() or "false")


def install(worker: Any) -> None:
    """Have a worker's app send the header, once its app is loaded, if the environment asks for it."""
    if not wanted(os.environ) or hasattr(worker.wsgi, "before_server_timing"):
        return
    if isinstance(worker, (sync.SyncWorker, gthread.ThreadWorker, base_async.AsyncWorker)):
        worker.wsgi = with_server_timing(worker.wsgi, worker.cfg, class_name(worker))
    else:  # an ASGI worker, say: its app is called otherwise
        worker.log.warning("SERVER_TIMING: no header, as %s workers are not known to it", worker.cfg.worker_class_str)


def class_name(worker: Any) -> str:
    """Return what kind of worker this is, whatever the configuration calls it."""
    if type(worker) is gthread.ThreadWorker:
        return "gthread"
    return type(worker).__name__ if isinstance(worker, gthread.ThreadWorker) else str(worker.cfg.worker_class_str)


def with_server_timing(app: Callable[..., Any], cfg: Any, kind: str) -> Callable[..., Any]:
    """Wrap a WSGI app so that each response says what it cost (W3C Server Timing).

    `app` is the wall time and `cpu` the CPU time of the thread, in ms, up to the moment at which the app hands over its
    status and headers. What a streamed body costs afterwards is not in them. `desc` names the worker (pid), the
    setting, its CPU seconds so far and its resident MB (both up to 50 ms old).
    """
    facts = (
        f'gunicorn;desc="pid={os.getpid()} workers={cfg.workers} threads={cfg.threads} '
        f"class={kind} vcpu={available_cpus()} "
    )
    resident = resident_mb()
    wall, cpu = time.perf_counter, time.thread_time
    usage, read_at = "", -math.inf

    def worker_usage(now: float) -> str:
        nonlocal usage, read_at
        if now - read_at > 0.05:  # two system calls on every request would double what the header costs
            usage, read_at = f'cpu={time.process_time():.2f} rss={resident():.1f}"', now
        return usage

    def timed(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        wall_start, cpu_start = wall(), cpu()

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            now = wall()
            value = f"app;dur={(now - wall_start) * 1e3:.1f}, cpu;dur={(cpu() - cpu_start) * 1e3:.1f}, "
            return start_response(status, [*headers, ("Server-Timing", value + facts + worker_usage(now))], exc_info)

        return app(environ, start)

    timed.before_server_timing = app  # type: ignore[attr-defined] # a function takes attributes
    return timed


def resident_mb() -> Callable[[], float]:
    """Return a function that tells this process's resident memory in MB (1024² bytes)."""
    try:
        file = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # not Linux: the peak is all there is
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    page = os.sysconf("SC_PAGE_SIZE") / 2**20
    return lambda: int(os.pread(file, 64, 0).split()[1]) * page
