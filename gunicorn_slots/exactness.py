# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""Whether slots can be exact: not with every gunicorn, and not against what somebody has set on purpose."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from gunicorn.workers import gthread

from gunicorn_slots.handover import shared_queue
from gunicorn_slots.limits import KEPT_SECONDS
from gunicorn_slots.names import DECLARED
from gunicorn_slots.parsing import parse_flag
from gunicorn_slots.versions import why_untested

# To try a gunicorn that nobody has tested yet.
ANY_VERSION = "SLOT_ANY_GUNICORN"


def why_settings_alone(environ: Mapping[str, str] = os.environ) -> str:
    """Return why slots are kept exact by two settings only, as far as those go; "" where SlotWorker does it.

    Raises:
        BadSettingError: SLOT_ANY_GUNICORN is neither true nor false.
    """
    return "" if parse_flag(ANY_VERSION, environ.get(ANY_VERSION, "").strip() or "false") else why_untested()


def exact_settings(cfg: Any) -> dict[str, int]:
    """Return the two settings, and what they are under exact slots."""
    # Before gunicorn 24 a worker at its limit does not look at the connection that it has just taken.
    least = 1 if hasattr(gthread.ThreadWorker, "wait_for_and_dispatch_events") else 2
    return {"worker_connections": max(cfg.threads, least), "keepalive": 0}


def keep_seconds(cfg: Any) -> int:
    """Return for how long SlotWorker keeps a connection without a request; 0 is not at all."""
    if why_closing(cfg):
        return 0
    return int(cfg.keepalive) if is_own(cfg, "keepalive") else KEPT_SECONDS


def why_closing(cfg: Any) -> str:
    """Return why SlotWorker can keep no connection, "" if it can: one that is kept may be handed to another worker."""
    if cfg.is_ssl:
        return "no process can take over the TLS of another"
    if str(cfg.proxy_protocol) not in ("off", "False"):
        return "only the first request of a connection has the header of proxy_protocol"
    return "" if shared_queue() else "this system has no queue for what workers hand over"


def is_own(cfg: Any, name: str) -> bool:
    """Whether somebody has chosen a setting: unless it was noted from where, gunicorn's default is taken for unset."""
    sources = getattr(cfg, "sources_known_by_gunicorn_slots", None)
    return cfg.settings[name].get() != type(DECLARED[name]).default if sources is None else name in sources


def apply(cfg: Any) -> None:
    """Set them."""
    for name, value in exact_settings(cfg).items():
        cfg.set(name, value)


def note_sources(cfg: Any, sources: Mapping[str, str]) -> None:
    """Remember with a configuration where its settings came from, for those who ask later."""
    cfg.sources_known_by_gunicorn_slots = dict(sources)


def why_not(cfg: Any) -> str:
    """Return why slots are not exact, "" if they are.

    Args:
        cfg: gunicorn's configuration as it is in the end, so that the thread count may come from anywhere.
    """
    if "h2" in getattr(cfg, "http_protocols", ()):
        return "an HTTP/2 connection is many requests"
    value = cfg.worker_connections
    if value not in (cfg.threads, exact_settings(cfg)["worker_connections"]) and is_own(cfg, "worker_connections"):
        sources = getattr(cfg, "sources_known_by_gunicorn_slots", {})
        return "worker_connections " + (f"set by {sources['worker_connections']}" if sources else f"is {value}")
    return "with reuse_port each worker has a queue of its own" if cfg.reuse_port else ""
