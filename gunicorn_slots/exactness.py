# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""Whether slots can be exact: not with every gunicorn, and not against what somebody has set on purpose."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from gunicorn_slots.environment import DECLARED
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
    return {"worker_connections": cfg.threads, "keepalive": 0}


def why_not(cfg: Any, sources: Mapping[str, str] | None = None) -> str:
    """Return why slots are not exact, "" if they are.

    Args:
        cfg: gunicorn's configuration as it is in the end, so that the thread count may come from anywhere.
        sources: where each setting came from; None if nobody knows. Then gunicorn's default is taken for unset.
    """
    if "h2" in getattr(cfg, "http_protocols", ()):
        return "an HTTP/2 connection is many requests"
    for name, exact in exact_settings(cfg).items():
        value = cfg.settings[name].get()
        if value not in (exact, type(DECLARED[name]).default):
            return f"{name} set by {sources[name]}" if sources and name in sources else f"{name} is {value}"
    return "with reuse_port each worker has a queue of its own" if cfg.reuse_port else ""


def settle(cfg: Any) -> bool:
    """Whether a SlotWorker shall serve under this configuration; where it cannot, set what its stand-in needs."""
    alone, inexact = why_settings_alone(), why_not(cfg)
    if alone and not inexact:
        for name, value in exact_settings(cfg).items():
            cfg.set(name, value)
    return not (alone or inexact)
