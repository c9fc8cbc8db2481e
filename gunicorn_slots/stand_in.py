# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""The worker in SlotWorker's place where slots cannot be exact: gunicorn's own, with what it can have of the rest."""

from __future__ import annotations

from typing import Any

from gunicorn.workers import gthread

from gunicorn_slots import exactness, server_timing
from gunicorn_slots.sockets import defer_silent

# What gunicorn gives a worker's constructor, in its order.
ARGUMENTS = ("age", "ppid", "sockets", "app", "timeout", "cfg", "log")


class StandIn(gthread.ThreadWorker):  # type: ignore[misc] # gunicorn ships no types
    """gthread, but silent connections stay in the kernel, and the header is there if it is asked for."""

    def init_process(self) -> None:
        defer_silent(self.sockets)
        super().init_process()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        server_timing.install(self)


def configuration(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Return gunicorn's configuration and logger from the arguments of a worker's constructor."""
    given = dict(zip(ARGUMENTS, args, strict=False)) | kwargs
    return given["cfg"], given["log"]


def is_needed(cfg: Any) -> bool:
    """Whether a stand-in shall serve under this configuration; with an untested gunicorn it gets the two settings."""
    untested, inexact = exactness.why_settings_alone(), exactness.why_not(cfg)
    if untested and not inexact:
        exactness.apply(cfg)
    return bool(untested or inexact)
