# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""What gunicorn would choke on later, refused before it starts, with one line."""

from __future__ import annotations

import errno
import os
import socket
import stat
import tempfile
import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import gunicorn.glogging
import gunicorn.http.message
import gunicorn.util

from gunicorn_slots import bounds
from gunicorn_slots.parsing import BadSettingError
from gunicorn_slots.rehearsal import rehearse

UNIX_MOST = 107  # bytes of a path in struct sockaddr_un, without the 0 at its end
PORT_SECONDS = 5.0  # as long as gunicorn tries: the one before may still be ending


def check_values(in_force: Mapping[str, Any], sources: Mapping[str, str]) -> None:
    """Refuse what gunicorn accepts at first and then answers with silence or a traceback.

    Args:
        in_force: setting to value, of those that are not gunicorn's default.
        sources: setting to where it came from.
    """
    for name, value in in_force.items():
        bounds.check(name, value, source=sources[name])
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
    if (parent := os.environ.get("GUNICORN_PID", "")) not in ("", str(os.getppid())):
        expected = "expected no such variable: gunicorn has it for a server that takes the place of another one (USR2)"
        raise BadSettingError("GUNICORN_PID", parent, expected)
    folder = in_force.get("worker_tmp_dir")
    if reason := why_no_file(folder):
        expected = f"expected a folder that can be written to ({reason})"
        raise BadSettingError("worker_tmp_dir", folder, expected, sources.get("worker_tmp_dir", ""))
    for name in ("certfile", "keyfile", "ca_certs", "logconfig", "logconfig_json"):
        if in_force.get(name) and not os.path.isfile(in_force[name]):
            raise BadSettingError(name, in_force[name], "expected a file that is there", sources[name])
    for name, expected in (("accesslog", "- or a file"), ("errorlog", "- or a file"), ("pidfile", "a file")):
        path = in_force.get(name)
        if path and path != "-" and not writable(path):
            raise BadSettingError(name, path, f"expected {expected} that can be written to", sources[name])
    for name in ("chdir", "tmp_upload_dir"):
        if in_force.get(name) and not os.path.isdir(in_force[name]):
            raise BadSettingError(name, in_force[name], "expected a folder that is there", sources[name])
    if reason := why_no_parser(SimpleNamespace(**in_force)):
        raise BadSettingError("http_parser", in_force["http_parser"], f"expected {reason}", sources["http_parser"])
    bind = in_force.get("bind") or []
    addresses = [bind] if isinstance(bind, str) else bind
    for address in addresses:
        check_address(address, sources["bind"])
        if addresses.count(address) > 1:
            raise BadSettingError("bind", ",".join(addresses), "expected each address once", sources["bind"])
    rehearse(in_force, sources)
    if in_force.get("daemon") and 1 in (os.getpid(), os.getppid()) and "INVOCATION_ID" not in os.environ:
        # Not where systemd has started it, which waits for the one that detaches itself.
        expected = "expected false in a container, which ends with the process that it began with"
        raise BadSettingError("daemon", True, expected, sources["daemon"])


def check_or_end(cfg: Any) -> None:
    """End the start with one line, under a configuration of somebody's own, which nobody else has checked."""
    if cfg.workers < 1:  # WEB_CONCURRENCY=0, say
        raise SystemExit(f"gunicorn_slots: workers={cfg.workers}: expected a whole number, 1 or more")
    if reason := why_no_parser(cfg):
        raise SystemExit(f"gunicorn_slots: http_parser={cfg.http_parser}: expected {reason}")


def why_no_parser(cfg: Any) -> str:
    """Return what gunicorn would answer each request with 500 for, "" if its parser is there."""
    try:
        getattr(gunicorn.http.message, "_check_fast_parser", bool)(cfg)  # newer ones may look elsewhere
    except RuntimeError as error:
        return f"auto or python here ({error})"
    return ""


def check_address(address: str, source: str) -> None:
    """Refuse an address that gunicorn would try five times before it gives up."""
    expected = "expected HOST:PORT, [IPV6]:PORT, unix:PATH or fd://N"
    try:
        if address.isdigit():
            raise RuntimeError("a port alone: write :" + address)
        parsed = gunicorn.util.parse_address(address)
        if isinstance(parsed, str):
            check_path(parsed)
        if isinstance(parsed, int):
            socket.socket(fileno=os.dup(parsed)).close()
        if isinstance(parsed, tuple):
            check_host(*parsed)
    except (RuntimeError, OSError, OverflowError, UnicodeError) as error:
        raise BadSettingError("bind", address, f"{expected} ({error})", source) from None


def check_path(path: str) -> None:
    """Fail as binding a Unix socket would.

    Raises:
        RuntimeError: it is too long, or something else is there, or it cannot be made.
    """
    if len(os.fsencode(path)) > UNIX_MOST:
        raise RuntimeError(f"longer than {UNIX_MOST} bytes")
    if not writable(path):
        raise RuntimeError("cannot be made there")
    if os.path.exists(path) and not stat.S_ISSOCK(os.stat(path).st_mode):
        raise RuntimeError("a file is there")


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


def check_ports(cfg: Any, source: str = "") -> None:
    """Refuse a port that is taken and stays so, before gunicorn says it eleven times.

    Args:
        cfg: gunicorn's configuration as it is in the end.
        source: where its addresses came from.
    """
    if cfg.reuse_port or {"GUNICORN_FD", "LISTEN_PID"} & set(os.environ):
        return  # several may have it, or it is handed over
    end = time.monotonic() + PORT_SECONDS
    for address in cfg.address:
        while error := why_no_port(*address) if isinstance(address, tuple) else None:
            if error.errno != errno.EADDRINUSE or time.monotonic() > end:
                written, reason = "{}:{}".format(*address), error.strerror or error
                raise BadSettingError("bind", written, f"expected an address that is free ({reason})", source)
            time.sleep(0.2)


def why_no_port(host: str, port: int) -> OSError | None:
    """Return why nobody can listen there, None if somebody can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError as error:
            return error
    return None


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
