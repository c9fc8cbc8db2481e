# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""This package's part in gunicorn's hooks, beside those that a configuration file has of its own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from gunicorn_slots import server_timing, startup
from gunicorn_slots.booting import Boot
from gunicorn_slots.cgroup import KillWatch
from gunicorn_slots.names import DECLARED, taken
from gunicorn_slots.preflight import check_ports
from gunicorn_slots.settings import FILE, Settings, ended_by

# Called with each configuration, at the start and by HUP: the first before anything else, the second where a file
# has set one of its own in place of the first.
FIRST, SECOND = "nworkers_changed", "on_starting"


def beside(file: Mapping[str, Any], settled: Settings) -> dict[str, Callable[..., None]]:
    """Return the two hooks that a configuration file shall have; they see to all others, wherever these are defined.

    Args:
        file: the file's names.
        settled: what it has settled.
    """
    none = {name: DECLARED[name].get() for name in (FIRST, SECOND)}  # gunicorn's own
    theirs = none | {name: taken(name, file[name]) for name in none if file.get(name) is not None}

    def nworkers_changed(server: Any, new: int, old: int | None) -> None:
        join(server, settled)
        theirs[FIRST](server, new, old)

    def on_starting(server: Any) -> None:
        if join(server, settled):  # else this runs within it
            begin(server, settled)
        theirs[SECOND](server)

    return {FIRST: nworkers_changed, SECOND: on_starting}


def begin(server: Any, settled: Settings) -> None:
    """Say what is in force, and refuse a port that is taken."""
    startup.announce(server.cfg, server.log, settled)
    ended_by(lambda: check_ports(server.cfg, settled.sources.get("bind", FILE)))


def join(server: Any, settled: Settings) -> bool:
    """Have each hook of ours run before the one that is set; say whether that was not so yet.

    Ours come first, so that one that fails finds all in place.
    """
    cfg = server.cfg
    if getattr(cfg, "joined_by_gunicorn_slots", False):
        return False
    cfg.joined_by_gunicorn_slots = True
    boot, watch = Boot(server), KillWatch()
    if before := getattr(server, "boot_of_gunicorn_slots", None):
        before.close()
    server.boot_of_gunicorn_slots = boot

    def child_exit(server: Any, worker: Any) -> None:
        if boot.note_end(server, worker):
            watch.child_exit(server, worker)

    def post_worker_init(worker: Any) -> None:
        boot.note_loaded()
        server_timing.install(worker)

    mine: dict[str, Callable[..., None]] = {
        "on_starting": lambda server: begin(server, settled),
        "on_reload": lambda server: startup.announce(server.cfg, server.log, settled, server.LISTENERS),
        "post_worker_init": post_worker_init,
        "on_exit": lambda _: boot.say_why(),
        "post_fork": lambda _, worker: boot.attend(worker),
        "child_exit": child_exit,
    }
    for name, hook in mine.items():
        cfg.set(name, first(hook, cfg.settings[name].get()))
    return True


def first(ours: Callable[..., None], theirs: Callable[..., None]) -> Callable[..., None]:
    """Return a hook that calls both; gunicorn counts a hook's arguments, which are those of ours."""

    @functools.wraps(ours)
    def hook(*args: Any) -> None:
        ours(*args)
        theirs(*args)

    return hook
