# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""What gunicorn would choke on later, refused before it starts, with one line."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Mapping
from typing import Any

import gunicorn.glogging
import gunicorn.util

from gunicorn_slots.environment import AT_LEAST_ONE
from gunicorn_slots.parsing import BadSettingError


def check_values(in_force: Mapping[str, Any], sources: Mapping[str, str]) -> None:
    """Refuse what gunicorn accepts at first and then answers with silence or a traceback.

    Args:
        in_force: setting to value, of those that are not gunicorn's default.
        sources: setting to where it came from.
    """
    for name in AT_LEAST_ONE:
        if name in in_force and in_force[name] < 1:
            raise BadSettingError(name, in_force[name], "expected a whole number, 1 or more", sources[name])
    if debug := [entry for entry in in_force.get("raw_env") or () if entry.startswith("FLASK_DEBUG=")]:
        raise BadSettingError(
            "raw_env", debug[0], "expected no FLASK_DEBUG: debug mode is not for a server", sources["raw_env"]
        )
    level = in_force.get("loglevel")
    levels = gunicorn.glogging.Logger.LOG_LEVELS
    if level and level.lower() not in levels:
        raise BadSettingError("loglevel", level, f"expected one of {', '.join(levels)}", sources["loglevel"])


def check_surroundings(in_force: Mapping[str, Any], sources: Mapping[str, str]) -> None:
    """Refuse what the machine does not have. Only at the start: a HUP must not end a server that serves."""
    folder = in_force.get("worker_tmp_dir")
    if reason := why_no_file(folder):
        expected = f"expected a folder that can be written to ({reason})"
        raise BadSettingError("worker_tmp_dir", folder, expected, sources.get("worker_tmp_dir", ""))
    for name in ("certfile", "keyfile", "ca_certs"):
        if in_force.get(name) and not os.path.isfile(in_force[name]):
            raise BadSettingError(name, in_force[name], "expected a file that is there", sources[name])
    for name in ("accesslog", "errorlog"):
        path = in_force.get(name)
        if path and path != "-" and not writable(path):
            raise BadSettingError(name, path, "expected - or a file that can be written to", sources[name])
    kind = in_force.get("worker_class")
    if isinstance(kind, str):
        try:
            gunicorn.util.load_class(kind)
        except Exception:
            expected = "expected sync, gthread, or the name of a class that is installed here"
            raise BadSettingError("worker_class", kind, expected, sources["worker_class"]) from None
    addresses = in_force.get("bind") or []
    for address in [addresses] if isinstance(addresses, str) else addresses:
        check_address(address, sources["bind"])


def check_address(address: str, source: str) -> None:
    """Refuse an address that gunicorn would try five times before it gives up."""
    expected = "expected HOST:PORT, [IPV6]:PORT, unix:PATH or fd://N"
    try:
        if address.isdigit():
            raise RuntimeError("a port alone: write :" + address)
        parsed = gunicorn.util.parse_address(address)
        if isinstance(parsed, str) and not writable(parsed):
            raise RuntimeError("cannot be made there")
        if isinstance(parsed, tuple):
            check_host(*parsed)
    except (RuntimeError, OSError, OverflowError, UnicodeError) as error:
        raise BadSettingError("bind", address, f"{expected} ({error})", source) from None


def check_host(host: str, port: int) -> None:
    """Fail as binding would, but on any free port, so that a port in use is left to gunicorn.

    Raises:
        OSError: nobody knows the host, or it is not this machine.
        OverflowError: there is no such port.
    """
    if not 0 <= port <= 65535:
        raise OverflowError("the port must be 0-65535")
    if host:  # none is every address
        family, kind, _, _, place = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as sock:
            sock.bind(place)


def usable(folder: str) -> str | None:
    """Return a folder if a file can be made in it, else None."""
    return folder if os.path.isdir(folder) and not why_no_file(folder) else None


def why_no_file(folder: str | None) -> str:
    """Return why no temporary file can be made in a folder (None: in any), "" if one can. A disk may be full."""
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def writable(path: str) -> bool:
    """Whether a file can be written, or made."""
    if os.path.exists(path):
        return not os.path.isdir(path) and os.access(path, os.W_OK)
    return os.access(os.path.dirname(path) or ".", os.W_OK | os.X_OK)
