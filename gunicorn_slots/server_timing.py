# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""The Server-Timing header: what a request cost, and where. SERVER_TIMING=true adds it to any app, without a change.

Server-Timing: app;dur=101.9, cpu;dur=1.2, gunicorn;desc="pid=17 workers=3 threads=6 class=SlotWorker vcpu=1
               instance=5e884898 cpu=12.34 rss=48.1"
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

from gunicorn_slots.arrival import is_counted, queue_ms
from gunicorn_slots.cgroup import available_cpus
from gunicorn_slots.held import HeldTime, follow_hooks
from gunicorn_slots.instance import described as instance_described
from gunicorn_slots.parsing import parse_flag


def wanted(environ: Mapping[str, str]) -> bool:
    """Whether the environment asks for the header.

    Raises:
        BadSettingError: SERVER_TIMING is neither true nor false.
    """
    return parse_flag("SERVER_TIMING", environ.get("SERVER_TIMING", "").strip() or "false")


def install(worker: Any, *, held: HeldTime | None = None) -> None:
    """Have a worker's app send the header, once its app is loaded, if the environment asks for it.

    As a hook it is one line in any gunicorn.conf.py, for gunicorn's own workers too, and takes nothing but the worker:
    `from gunicorn_slots.server_timing import install as post_worker_init`.

    Args:
        worker: gunicorn's.
        held: how long its slots have been held, if it knows; without it gunicorn's hooks around a request tell.
    """
    if hasattr(worker.wsgi, "before_server_timing"):
        return
    is_counted()  # takes a moment, which no request shall wait for
    if not wanted(os.environ):
        if held:
            worker.wsgi = with_queue(worker.wsgi)
        return
    if isinstance(worker, (sync.SyncWorker, gthread.ThreadWorker, base_async.AsyncWorker)):
        worker.wsgi = with_server_timing(worker.wsgi, worker.cfg, class_name(worker), held or follow_hooks(worker))
    else:  # an ASGI worker, say: its app is called otherwise
        worker.log.warning("SERVER_TIMING: no header, as %s workers are not known to it", worker.cfg.worker_class_str)


def with_queue(app: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a WSGI app so that it finds in its environ how long its request has waited, and nobody is told."""

    def noted(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        note_queue(environ)
        return app(environ, start_response)

    return noted


def note_queue(environ: dict[str, Any]) -> float | None:
    """Note how long a request has waited, in ms; return that, None where it is not known."""
    waited = queue_ms(environ)
    if waited is not None:
        environ["gunicorn_slots.queue_ms"] = waited
    return waited


def class_name(worker: Any) -> str:
    """Return what kind of worker this is, whatever the configuration calls it."""
    if isinstance(worker, gthread.ThreadWorker):
        return type(worker).__name__ if hasattr(worker, "exact_slots") else "gthread"
    return str(worker.cfg.worker_class_str)


def with_server_timing(app: Callable[..., Any], cfg: Any, kind: str, held: HeldTime) -> Callable[..., Any]:
    """Wrap a WSGI app so that each response says what it cost (W3C Server Timing).

    All in ms: `queue` is how long the request waited for the app, left out where that is not known; `app` is the
    wall time and `cpu` the CPU time of the thread up to the moment at which the app hands over its status and headers.
    What a streamed body costs afterwards is not in them, but in `held`. The app finds `queue` in its environ, too, as
    `gunicorn_slots.queue_ms`.

    `desc` names the worker (pid), the setting and the instance (see instance.py), and says what the worker has had
    since its start, up to 50 ms ago: its CPU seconds, those of children that have ended included; its resident MB; and
    at which second by its own clock, for how many slot-seconds its slots have been held by how many requests. `gil=0`
    is there where Python runs without one.
    """
    first = f'gunicorn;desc="pid={os.getpid()} workers={cfg.workers} threads={cfg.threads} '
    first += f"class={kind} vcpu={available_cpus()} {instance_described()} "
    end = '"' if getattr(sys, "_is_gil_enabled", lambda: True)() else ' gil=0"'
    resident, started = resident_mb(), time.monotonic()
    wall, cpu = time.monotonic, time.thread_time
    described, read_at = "", -math.inf

    def describe(now: float) -> str:
        nonlocal described, read_at
        times, (seconds, requests) = os.times(), held.read(now)
        used = time.process_time() + times.children_user + times.children_system
        described = f"{first}cpu={used:.2f} rss={resident():.1f} "
        described += f"at={now - started:.3f} held={seconds:.3f} requests={requests}{end}"
        read_at = now
        return described

    def timed(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        waited = note_queue(environ)
        wall_start, cpu_start = wall(), cpu()

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            now, used = wall(), cpu() - cpu_start
            # The system calls on every request would double what the header costs.
            worker = describe(now) if now - read_at > 0.05 else described
            queue = "" if waited is None else f"queue;dur={waited:.1f}, "
            value = f"{queue}app;dur={(now - wall_start) * 1e3:.1f}, cpu;dur={used * 1e3:.1f}, {worker}"
            return start_response(status, [*headers, ("Server-Timing", value)], exc_info)

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
