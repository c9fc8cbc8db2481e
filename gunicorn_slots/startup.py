# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""The start line: what is in force, and who chose it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from gunicorn_slots import exactness, note
from gunicorn_slots.cgroup import available_cpus
from gunicorn_slots.limits import Limits
from gunicorn_slots.parsing import NAMES_ALONE
from gunicorn_slots.settings import FILE, Settings
from gunicorn_slots.versions import __version__

# The Dockerfile gives this name to the file of an app that has no copy of this package.
NOT_READ = "not-read.gunicorn.conf.py"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LISTEN_FDS_START = 3  # of systemd's protocol


def announce(cfg: Any, log: Any, settings: Settings | None = None, listeners: Sequence[Any] = ()) -> None:
    """Log the start line, once for each configuration.

    Args:
        cfg: gunicorn's configuration as it is in the end.
        log: gunicorn's logger.
        settings: what gunicorn.conf.py has settled; None without that file.
        listeners: what gunicorn listens on, if it does already.
    """
    if getattr(cfg, "announced_by_gunicorn_slots", False):
        return
    cfg.announced_by_gunicorn_slots = True
    if settings:
        exactness.note_sources(cfg, settings.sources)
    given = handed_over(cfg, os.environ)
    names = [listener.getsockname() for listener in listeners] or list(map(name_of, given))
    log.info(line(cfg, settings.sources if settings else None, list(map(shown_address, names))))
    if not given and (unreachable := elsewhere(cfg, os.environ.get("PORT", "").strip())):
        log.warning(unreachable)
        note.write(unreachable)
    if os.path.exists(os.path.join(cfg.chdir, NOT_READ)):
        log.warning(
            "gunicorn_slots: the app's own gunicorn.conf.py is not read here, as it has no gunicorn_slots/ beside it"
        )
    if settings and settings.debug:
        log.warning("FLASK_DEBUG=%s: ignored, debug mode is for development: `flask run --debug`", settings.debug)


def elsewhere(cfg: Any, port: str) -> str:
    """Return what to do where gunicorn listens at another port than the one that its host was told; "" if it does not.

    Args:
        cfg: gunicorn's configuration as it is in the end.
        port: what PORT says, "" if it is not set.
    """
    inside = {address[1] for address in cfg.address if isinstance(address, tuple) and address[0] in LOOPBACK}
    ports = {address[1] for address in cfg.address if isinstance(address, tuple)} - inside
    if not port or port in map(str, ports) or not ports | inside:
        return ""
    given = ", ".join(cfg.settings["bind"].get())
    return (
        f"gunicorn_slots: gunicorn listens on {given}, and the host looks for it at PORT={port}: "
        f"set --bind=0.0.0.0:{port}, or no bind at all"
    )


def line(cfg: Any, sources: Mapping[str, str] | None, addresses: Sequence[str] = ()) -> str:
    """Return the start line; without the sources it does not say where a value came from.

    Args:
        cfg: gunicorn's configuration.
        sources: setting to where it came from.
        addresses: where gunicorn listens already, so that `bind` may say something else.
    """
    workers, threads, kind = cfg.workers, cfg.threads, cfg.worker_class_str
    exact = hasattr(cfg.worker_class, "exact_slots")
    if exact or kind in ("sync", "gthread"):
        size = f"{plural(workers, 'worker')} × {plural(threads, 'thread')} = {plural(workers * threads, 'slot')}"
    else:
        size = f"{plural(workers, 'worker')} of class {kind}"
    parts = [slots(cfg) if exact else f"slots as {kind} workers have them"]
    origin = ""
    if sources is not None:
        origin = " (workers: {}, threads: {})".format(*(sources.get(name, FILE) for name in ("workers", "threads")))
        parts.append(others(cfg, {name: source for name, source in sources.items() if name != "bind" or not addresses}))
    if addresses:
        parts.append(f"bound to {', '.join(addresses)}")
    return f"gunicorn_slots {__version__}: {size} on {available_cpus()} vCPU{origin}; {'; '.join(filter(None, parts))}"


def handed_over(cfg: Any, environ: Mapping[str, str]) -> list[int]:
    """Return the file descriptors of the sockets that gunicorn is given at its start, in place of what `bind` says.

    They come by socket activation (LISTEN_FDS), from the gunicorn before at USR2 (GUNICORN_FD), or as `fd://N`.
    """
    given = [address[5:] for address in cfg.settings["bind"].get() if address.startswith("fd://")]
    if environ.get("LISTEN_PID") == str(os.getpid()) and environ.get("LISTEN_FDS", "").isdigit():
        given += map(str, range(LISTEN_FDS_START, LISTEN_FDS_START + int(environ["LISTEN_FDS"])))
    else:
        given += environ.get("GUNICORN_FD", "").split(",")
    return [int(number) for number in given if number.isdigit()]


def name_of(number: int) -> Any:
    """Return the address of a socket that is open as a file descriptor; "fd://N" if it is none."""
    try:
        with socket.fromfd(number, socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            return sock.getsockname()
    except OSError:
        return f"fd://{number}"


def shown_address(name: Any) -> str:
    """Return a socket's address as `bind` would have it."""
    if isinstance(name, tuple):
        return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"
    name = os.fsdecode(name)
    return name if name.startswith("fd://") else f"unix:{name}"


def slots(cfg: Any) -> str:
    """Say how exact SlotWorker's slots are."""
    if reason := exactness.why_not(cfg):
        return f"slots not exact: {reason}"
    if reason := exactness.why_settings_alone():
        return f"slots exact by settings alone, as {reason}"
    return f"exact slots ({Limits.of(os.environ)}); {keeping(cfg)}"


def keeping(cfg: Any) -> str:
    """Say for how long SlotWorker keeps a connection, or why it doesn't."""
    if seconds := exactness.keep_seconds(cfg):
        return f"connections kept for {seconds} s"
    return f"connections close after a response: {exactness.why_closing(cfg) or 'keepalive is 0'}"


def others(cfg: Any, sources: Mapping[str, str]) -> str:
    """Return the other settings, what somebody has chosen before what the file says."""
    chosen = sorted(sources.items(), key=lambda item: (item[1] == FILE, item[0]))
    return ", ".join(
        f"{name} {shown(name, cfg.settings[name].get())}" + ("" if source == FILE else f" ({source})")
        for name, source in chosen
        if name not in ("workers", "threads", "config")
    )


def plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shown(name: str, value: Any) -> str:
    """Return a value for the log; of what may hold a secret, only the names."""
    if name in NAMES_ALONE:
        value = [str(entry).partition("=")[0] for entry in value]
    if isinstance(value, dict):
        value = list(value)
    if isinstance(value, type):
        return value.__name__
    return (",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)) or "none"
