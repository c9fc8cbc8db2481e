"""gunicorn's settings, taken from the environment.

Copy this file next to your app: gunicorn finds `./gunicorn.conf.py` by itself. It needs the standard
library and gunicorn only (Python 3.10 or newer, gunicorn 27.0.1 or newer; an older gunicorn gets a
plainer form of exact slots).

    GUNICORN_<SETTING>    any gunicorn setting by its name in a config file, upper-cased; lists are
                          separated by commas, dictionaries are JSON, None is None; empty is unset
    PYTHON_ENABLE_GUNICORN_MULTIWORKERS, PYTHON_GUNICORN_CUSTOM_WORKER_NUM,
    PYTHON_GUNICORN_CUSTOM_THREAD_NUM    as on Azure App Service; below GUNICORN_*
    WEB_CONCURRENCY, PORT, FORWARDED_ALLOW_IPS    as gunicorn reads them; below those
    SERVER_TIMING=true    adds a Server-Timing header that says what a request cost and where
    SLOT_HEAD_SECONDS=10, SLOT_BODY_SECONDS=20, SLOT_REQUEST_SECONDS=240
                          how long a request may keep a slot waiting, see `SlotWorker`; 0 is no limit

Lowest first, gunicorn's own order holds: this file, GUNICORN_CMD_ARGS, the command line.
A bad value ends the start with one line that names it.

Exact slots: with the defaults, `workers x threads` requests are served at a time, and no request
waits in one worker while another has a free thread. See `SlotWorker`.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import importlib.machinery
import inspect
import itertools
import json
import logging
import math
import mmap
import os
import re
import resource
import selectors
import socket
import struct
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import gunicorn.config
import gunicorn.glogging
import gunicorn.util
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import InvalidHeader, ParseException
from gunicorn.workers import base_async, gthread, sync

DECLARED = gunicorn.config.make_settings()

# Azure App Service looks for these, in this order, and starts `<name>:app`.
ENTRY_MODULES = ("application", "app", "run", "index", "server", "wsgi")

# gunicorn accepts 0 for each of these and then never answers, or dies with a traceback.
AT_LEAST_ONE = ("workers", "threads", "worker_connections", "backlog")

TRUE_OR_FALSE = "true or false"

# What gunicorn itself keeps in the environment under its own prefix.
NOT_SETTINGS = ("GUNICORN_CMD_ARGS", "GUNICORN_PID", "GUNICORN_FD", "GUNICORN_DIRTY_SOCKET")

# What Kubernetes injects into every pod for a Service called gunicorn, or gunicorn-something.
KUBERNETES = re.compile(r"GUNICORN_(\w+_)?(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
KUBERNETES_PORT = re.compile(r"(tcp|udp|sctp)://")  # GUNICORN_PORT=tcp://10.0.0.1:80

# A silent connection stays in the kernel for this long; then the worker gets it, without a thread.
SILENT_SECONDS = 60
# How long a connection without a byte may stay with a worker.
PARKED_SECONDS = 5.0
# How long it may stay at least, before it is closed to make room for another one.
PARKED_LEAST_SECONDS = 1.0
# How many connections a worker may have parked, and how many lingering; each takes a file descriptor.
ASIDE_MOST = 256
# How long a client may take to close after the last byte of its response, as in gunicorn itself,
# and how much it may still send meanwhile.
LINGER_SECONDS = 2.0
LINGER_BYTES = 65536

# How long a client may take for a request's head, and for its body until it is too slow; then how long a
# request may go without a byte in either direction. App Service's front end gives up on the last after 240 s.
LIMITS = {"SLOT_HEAD_SECONDS": 10, "SLOT_BODY_SECONDS": 20, "SLOT_REQUEST_SECONDS": 240}
A_DAY = 86_400  # the most that is taken for one of them; the kernel's own counts end after some weeks
# A body that comes faster than this, in bytes per second, may take as long as it likes.
BODY_RATE = 1024
# Until this many seconds after a worker has ended because of threads that hang, no other one does: it starts anew.
TURN_SECONDS = 5
# When that was, by time.monotonic(). All workers share it, as they are forked after this line.
TURN = mmap.mmap(-1, struct.calcsize("d"))


class BadSettingError(Exception):
    """A value that cannot be used: what it is called, the value, and what was expected, in one line."""

    def __init__(self, name: str, value: object, expected: str, source: str = "") -> None:
        """Name the variable if `source` is one, else the setting and where it stands."""
        if source.isupper() and source not in NOT_SETTINGS:
            name, source = source, ""
        super().__init__(f"{name}={value}{source and f' ({source})'}: {expected}")


# --- how many CPUs ----------------------------------------------------------------------------


def available_cpus(proc: str = "/proc/self/cgroup", root: str = "/sys/fs/cgroup") -> int:
    """Return the vCPUs this process may use: CPU affinity, and the cgroup's quota rounded up.

    `os.cpu_count()` and `nproc` do not see a quota (`docker run --cpus`, a Kubernetes limit).
    """
    affinity = getattr(os, "sched_getaffinity", None)  # Linux
    cpus = len(affinity(0)) if affinity else os.cpu_count() or 1
    quota = cgroup_quota(proc, root)
    return max(1, min(cpus, math.ceil(quota))) if quota else cpus


def cgroup_quota(proc: str, root: str) -> float | None:
    """Return the CPUs that the tightest cgroup around this process grants, None for no limit."""
    quotas = []
    for line in read(proc).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # cgroup v2
            folder, parse = root, quota_v2
        elif "cpu" in controllers.split(","):
            folder, parse = os.path.join(root, "cpu"), quota_v1
        else:
            continue
        # Inside a container the own cgroup is mounted as the root, so both ends of the path count.
        parts = [part for part in path.split("/") if part and part != ".."]
        for depth in range(len(parts) + 1):
            quotas.append(parse(os.path.join(folder, *parts[:depth])))
    return min((quota for quota in quotas if quota), default=None)


def quota_v2(folder: str) -> float | None:
    """`cpu.max` holds `max 100000` or `150000 100000` (quota and period in microseconds)."""
    fields = read(os.path.join(folder, "cpu.max")).split()
    return ratio(*fields) if len(fields) == 2 else None


def quota_v1(folder: str) -> float | None:
    """`cpu.cfs_quota_us` is -1 without a limit."""
    names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
    return ratio(*(read(os.path.join(folder, name)).strip() for name in names))


def ratio(quota: str, period: str) -> float | None:
    """Return quota / period, None where there is no limit or no number."""
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() and int(period) else None


def oom_kills(root: str = "/sys/fs/cgroup") -> int:
    """Return how many processes of this container the kernel has killed for lack of memory."""
    text = read(f"{root}/memory.events") or read(f"{root}/memory/memory.oom_control")  # cgroup v2, v1
    found = re.search(r"^oom_kill (\d+)$", text, re.MULTILINE)
    return int(found[1]) if found else 0


def memory_limit(root: str = "/sys/fs/cgroup") -> str:
    """Return this container's memory limit, for the log."""
    text = read(f"{root}/memory.max") or read(f"{root}/memory/memory.limit_in_bytes")
    limited = text.strip().isdigit() and int(text) < 2**60  # v1 has a large number for no limit
    return f"{int(text) / 2**20:.0f} MB" if limited else "the machine"


def read(path: str) -> str:
    """Return a small file's text, empty where it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return ""


# --- from text to settings ---------------------------------------------------------------------


def parse_flag(name: str, text: str) -> bool:
    """Parse a true/false variable, in every spelling that App Service takes."""
    if text in ("1", "t", "T", "TRUE", "true", "True"):
        return True
    if text in ("0", "f", "F", "FALSE", "false", "False"):
        return False
    raise BadSettingError(name, text, f"expected {TRUE_OR_FALSE}")


def parse_count(name: str, text: str, least: int = 1, most: int | None = None) -> int:
    """Parse a whole number within bounds."""
    if re.fullmatch(r"\d+", text) and int(text) >= least and (most is None or int(text) <= most):
        return int(text)
    bounds = f"{least} or more" if most is None else f"{least} to {most}"
    raise BadSettingError(name, text, f"expected a whole number, {bounds}")


def parse_setting(name: str, text: str, variable: str) -> Any:
    """Parse one setting as gunicorn declares it, and let gunicorn's own validator check it."""
    declared = DECLARED[name]
    default = type(declared).default
    if callable(default):
        raise BadSettingError(
            variable, text, "expected no such variable: a hook is a function, define it in gunicorn.conf.py"
        )
    if name == "config":
        raise BadSettingError(variable, text, "expected on the command line: -c names the config file")
    if text.lower() == "none" and default is None:
        return None
    value: Any
    try:
        if declared.type is int and not name.startswith("http2"):  # those have bounds of their own
            value = parse_count(variable, text, 1 if name in AT_LEAST_ONE else 0)
        elif declared.action == "append":
            value = [part.strip() for part in text.split(",") if part.strip()]
            if not value:
                raise BadSettingError(variable, text, "expected one value or more, separated by commas")
        elif isinstance(default, dict):
            value = json.loads(text)
        else:
            value = declared.type(text) if declared.type else text
        declared.copy().set(value)
    except BadSettingError:
        raise
    except Exception as error:
        expected = kind_of(name)
        reason = "" if expected == TRUE_OR_FALSE else f" ({' '.join(str(error).split())})"  # one line
        raise BadSettingError(variable, text, f"expected {expected}{reason}") from None
    return value


def kind_of(name: str) -> str:
    """Say in words what a setting takes."""
    declared = DECLARED[name]
    if isinstance(type(declared).default, dict):
        return "a JSON object"
    if declared.action in ("store_true", "store_const"):
        return TRUE_OR_FALSE
    return f"a valid {name}"


def from_environment(environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    """Return {setting: (value, variable)} for all that the environment sets, the strongest variable first.

    Raises:
        BadSettingError: an unknown name under GUNICORN_, or a value that its setting refuses.
    """
    env = {name: text.strip() for name, text in environ.items() if text.strip()}
    found: dict[str, tuple[Any, str]] = {}
    for variable in sorted(name for name in env if name.startswith("GUNICORN_")):
        if variable in NOT_SETTINGS or KUBERNETES.fullmatch(variable):
            continue
        if variable.endswith("_PORT") and KUBERNETES_PORT.match(env[variable]):
            continue
        name = variable.removeprefix("GUNICORN_").lower()
        if name not in DECLARED:
            near = difflib.get_close_matches(name, DECLARED, n=1)
            hint = f": did you mean GUNICORN_{near[0].upper()}?" if near else ""
            raise BadSettingError(variable, env[variable], f"gunicorn has no such setting{hint}")
        found[name] = (parse_setting(name, env[variable], variable), variable)

    flag = "PYTHON_ENABLE_GUNICORN_MULTIWORKERS"
    if flag in env and parse_flag(flag, env[flag]):
        number = "PYTHON_GUNICORN_CUSTOM_WORKER_NUM"
        if number in env:
            found.setdefault("workers", (parse_count(number, env[number]), number))
        else:
            found.setdefault("workers", (default_workers(), flag))
        number = "PYTHON_GUNICORN_CUSTOM_THREAD_NUM"
        if number in env:
            found.setdefault("threads", (parse_count(number, env[number]), number))
    if "WEB_CONCURRENCY" in env:
        value = parse_count("WEB_CONCURRENCY", env["WEB_CONCURRENCY"])
        found.setdefault("workers", (value, "WEB_CONCURRENCY"))
    if "PORT" in env:
        port = parse_count("PORT", env["PORT"], 1, 65535)
        found.setdefault("bind", ([f"0.0.0.0:{port}"], "PORT"))
    if "FORWARDED_ALLOW_IPS" in env:
        ips = parse_setting("forwarded_allow_ips", env["FORWARDED_ALLOW_IPS"], "FORWARDED_ALLOW_IPS")
        found.setdefault("forwarded_allow_ips", (ips, "FORWARDED_ALLOW_IPS"))
    return found


def default_workers() -> int:
    """gunicorn's rule of thumb. A start to measure from."""
    return 2 * available_cpus() + 1


def defaults() -> dict[str, Any]:
    """What this file sets where nobody said otherwise. Every other default is gunicorn's."""
    values = {
        "workers": default_workers(),
        "threads": 6,
        "bind": ["0.0.0.0:8000"],  # a container's port is no use on gunicorn's 127.0.0.1
        "timeout": 600,  # App Service's. With threads it is a heartbeat and bounds no request
        "accesslog": "-",
        "errorlog": "-",
        # It writes below HOME, which a container often cannot, and had deadlocks (gunicorn #3509).
        "control_socket_disable": True,
        # Nothing is in front of a container by default, so nobody may set the scheme or the path.
        "forwarded_allow_ips": "",
    }
    if os.path.isdir("/dev/shm") and not why_no_file("/dev/shm"):
        # Heartbeats on a disk can block, and /tmp is a disk in a container:
        # https://gunicorn.org/faq (How do I avoid Gunicorn excessively blocking in os.fchmod?)
        values["worker_tmp_dir"] = "/dev/shm"
    return {name: value for name, value in values.items() if name in DECLARED}  # older gunicorns have fewer


# --- what will be in force ---------------------------------------------------------------------


def command_line(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[Namespace, Namespace]:
    """Parse the command line and GUNICORN_CMD_ARGS with gunicorn's parser; it did so before, without error."""
    cfg = gunicorn.config.Config()
    cfg.env_orig = dict(environ)
    parser = cfg.parser()
    return parser.parse_known_args(list(argv))[0], parser.parse_args(cfg.get_cmd_args_from_env())


def resolve(environ: Mapping[str, str], argv: Sequence[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return this file's settings, and for every setting in force that is not gunicorn's default its source.

    Args:
        environ: the environment.
        argv: the command line without the program's name.

    Raises:
        BadSettingError: any value, from wherever it comes, that gunicorn would choke on later.
    """
    values = defaults()
    sources = dict.fromkeys(values, "default")
    for name, (value, variable) in from_environment(environ).items():
        values[name], sources[name] = value, variable
    args, env_args = command_line(argv, environ)
    in_force = dict(values)
    for origin, namespace in (("GUNICORN_CMD_ARGS", env_args), ("command line", args)):
        for name, value in vars(namespace).items():
            if name in DECLARED and value is not None:
                in_force[name], sources[name] = value, origin
    check(in_force, sources)
    folder = in_force.get("chdir") or os.getcwd()
    app = args.args[0] if args.args else in_force.get("wsgi_app")
    if not app and not args.paste:
        app = values["wsgi_app"] = find_entry(folder)
        sources["wsgi_app"] = "found"
    if "SERVER_SOFTWARE" not in environ:  # the arbiter sets it; so this is not HUP, and nothing is served yet
        check_surroundings(in_force, sources)
        if app and not args.paste:
            check_module(app, [folder, *(in_force.get("pythonpath") or "").split(",")])
    return values, sources


def check(in_force: Mapping[str, Any], sources: Mapping[str, str]) -> None:
    """Refuse what gunicorn accepts at first and then answers with silence or a traceback."""
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
        raise BadSettingError("worker_tmp_dir", folder, expected, sources.get("worker_tmp_dir", "default"))
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
    for address in in_force["bind"]:
        check_address(address, sources["bind"])


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


def check_module(app: str, folders: Sequence[str]) -> None:
    """Refuse an app whose module is not there: each worker would say so with a traceback of its own."""
    module = app.partition(":")[0].partition(".")[0]
    path = [os.path.abspath(folder) for folder in folders if folder] + sys.path
    if module and importlib.machinery.PathFinder.find_spec(module, path) is None:
        raise BadSettingError("app", app, f"expected MODULE:NAME with a module in {path[0]}")


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


def find_entry(folder: str) -> str:
    """Return the app to serve, looked for as App Service does: Django first, then Flask's usual names."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise BadSettingError("chdir", folder, f"expected a folder that can be read ({error.strerror})") from None
    for name in names:
        if name.isidentifier() and os.path.isfile(os.path.join(folder, name, "wsgi.py")):
            return f"{name}.wsgi"
    for name in ENTRY_MODULES:
        if any(os.path.isfile(os.path.join(folder, path)) for path in (f"{name}.py", f"{name}/__init__.py")):
            return f"{name}:app"
    modules = ", ".join(f"{name}.py" for name in ENTRY_MODULES)
    expected = (
        f"no app found there: expected one of {modules}, or MODULE:NAME on the command line or in GUNICORN_WSGI_APP"
    )
    raise BadSettingError("chdir", folder, expected)


# --- exact slots -------------------------------------------------------------------------------


class GivenUpError(BaseException):
    """Ends a request whose client is too slow, or whose body ends early or is malformed.

    Not an Exception, as asyncio.CancelledError isn't: an app that reads the body must not take it for an
    error of its own, log a traceback and answer 500.
    """


class PatientSocket:
    """What the parser reads from: the socket, as long as its client doesn't keep the slot waiting.

    Only the time spent waiting for bytes counts. A head has SLOT_HEAD_SECONDS. A body has
    SLOT_BODY_SECONDS, plus a second for each BODY_RATE bytes, and no pause may be longer than the former.
    """

    def __init__(self, conn: SlotConnection) -> None:
        self.conn, self.sock = conn, conn.sock
        self.received, self.waited = 0, 0.0
        self.in_body = False
        # accept() has seen the first byte, so the first read need not be watched, and most requests are one.
        self.at_once = not conn.cfg.is_ssl

    def recv(self, size: int) -> bytes:
        """Return what is there, as `socket.recv` does.

        Raises:
            GivenUpError: nothing came in time, or a body ends early.
        """
        if self.at_once:
            self.at_once = False
            data: bytes = self.sock.recv(size)
            self.received = len(data)
            return data
        in_body = self.conn.parser.mesg is not None
        if in_body and not self.in_body:
            self.in_body, self.received, self.waited = True, 0, 0.0
        part = "body" if in_body else "head"
        name = f"SLOT_{part.upper()}_SECONDS"
        limit = SECONDS[name]
        credit = self.received / BODY_RATE if in_body else 0
        begin = time.monotonic()
        try:
            self.sock.settimeout(max(0.001, min(limit, limit + credit - self.waited)) if limit else None)
            data = self.sock.recv(size)
        except TimeoutError:
            waited = self.waited + time.monotonic() - begin
            more = "more " if in_body else ""  # some may have come with the head
            got = f"{self.received} {more}bytes of the {part} in {waited:.1f} s"
            raise GivenUpError(f"{described(self.conn)}: {got} ({name}={limit})") from None
        except OSError as error:
            if in_body:
                raise GivenUpError(f"{described(self.conn)}: {error.strerror}") from None
            raise
        finally:
            self.sock.settimeout(None)
        if in_body and not data:  # to an app it would look complete
            raise GivenUpError(f"{described(self.conn)}: closed after {self.received} more bytes of the body")
        self.waited += time.monotonic() - begin
        self.received += len(data)
        return data


class CheckedReader:
    """Reads a chunked body, and gives a malformed one up."""

    def __init__(self, conn: SlotConnection, reader: Any) -> None:
        self.conn, self.reader = conn, reader

    def read(self, size: int) -> bytes:
        try:
            data: bytes = self.reader.read(size)
        except ParseException as error:
            raise GivenUpError(f"{described(self.conn)}: {error}") from None
        return data


def described(conn: SlotConnection) -> str:
    """Return what is known of a request: its client, method and path."""
    client = conn.client[0] if isinstance(conn.client, tuple) else "a local client"
    message = getattr(conn.parser, "mesg", None)
    return f"{client} {message.method} {message.path}" if message else client


class SlotConnection(gthread.TConn):
    """A connection that is read with patience, but not for ever, and leaves its polite end to the worker's poller."""

    parser: Any

    def __init__(self, worker: SlotWorker, sock: socket.socket, client: Any, server: Any) -> None:
        super().__init__(worker.cfg, sock, client, server)
        self.worker = worker
        self.data_ready = True  # handle() need not wait for the first byte

    def init(self) -> None:
        super().init()
        if hasattr(self.parser, "unreader"):  # not with HTTP/2
            self.parser.unreader.sock = PatientSocket(self)

    def close(self, graceful: bool = False) -> None:
        self.parser = None  # it knows this connection: left in, only the garbage collector would free the two
        if graceful:
            self.worker.linger(self.sock)
        else:
            super().close()


class SlotWorker(gthread.ThreadWorker):
    """gthread, but a worker takes a connection only while it has a free thread for it.

    gthread accepts up to `worker_connections` (1000). With all threads busy the surplus waits in that
    worker's own queue, while other workers have free threads. Here a full worker leaves it in the
    kernel's queue, which all workers share. So there is no keep-alive: a kept connection is bound to
    one worker, and its next request would have to wait for that one.

    Some things must not hold a slot:

    * a client that is slow to close after its response. gthread waits for it on the worker's main
      loop, for up to 2 s, and accepts nothing meanwhile; here the poller waits.
    * a client that connects and says nothing. gthread spends a thread on it for 5 s; here the kernel
      keeps it (TCP_DEFER_ACCEPT), and after that it is parked in the poller and closed. Without that
      option (a Unix socket, another system than Linux) a connection is parked until its first byte;
      one that then finds all threads busy waits for this worker.
    * a client that sends its request too slowly, see `PatientSocket`.
    * a request that hangs. gthread's `timeout` doesn't see it. After SLOT_REQUEST_SECONDS without a byte to
      or from its client, its connection is closed, and new threads serve in place of the one that hangs.
      Nobody can end that one, so the worker then ends when no other one has just done so and nothing long
      is under way, and a new worker takes its place. (TCP on Linux only: elsewhere nobody counts the bytes.)

    A worker that is told to end, or has lost its arbiter, still serves what waits in the kernel's queue at that
    moment, for up to 2 s: its clients have sent their requests, and when the server stops, nobody else would.
    It waits for its requests however long they take, as long as they don't hang; when all of the server stops,
    the arbiter waits for nobody after graceful_timeout.

    `nr_conns` counts the parked and lingering connections too, so that a worker that ends waits for them.
    docs/exact-slots.md of this project has the measurements behind this choice.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Insertion order is order of expiry in all of these.
        self.parked: dict[socket.socket, tuple[float, SlotConnection]] = {}
        self.lingering: dict[socket.socket, tuple[float, int]] = {}
        self.serving: dict[SlotConnection, float] = {}  # since when
        self.hanging: dict[SlotConnection, float] = {}  # given up then, but its thread hasn't ended
        self.looked_at = 0.0
        self.alive = True
        self.tpool: Any = None
        self.told_to_end = False
        self.waiting: dict[Any, int] = {}  # listener: connections that it still takes although it ends
        self.waiting_until = math.inf
        self.running: set[SlotConnection] = set()  # in a thread
        self.ended = False
        super().__init__(*args, **kwargs)

    @property
    def worker_connections(self) -> int:
        """How many connections the main loop may hold before it stops accepting."""
        if len(self.parked) >= ASIDE_MOST:
            left = next(iter(self.parked.values()))[0] - time.monotonic()
            if left > PARKED_SECONDS - PARKED_LEAST_SECONDS:
                return 0  # all of them may be about to speak, and the kernel can keep the others
        return int(self.cfg.threads) + len(self.parked) + len(self.lingering)

    @worker_connections.setter
    def worker_connections(self, value: int) -> None:
        pass  # gthread's constructor sets it from the configuration

    def accept(self, listener: Any) -> bool:
        """Take a connection; say whether there may be another one to take."""
        if self.nr_conns >= self.worker_connections:
            return False  # two listeners were ready, and one slot was free
        try:
            sock, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return False
        except OSError as error:
            # Out of file descriptors: give up a connection that is as good as over, and try again.
            if error.errno not in (errno.EMFILE, errno.ENFILE) or not self.give_up_oldest():
                raise
            return False
        conn = SlotConnection(self, sock, client, listener.getsockname())
        notice_gone(sock)
        self.nr_conns += 1
        try:
            gone = not sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            self.park(conn)
            return True
        except OSError:
            gone = True
        if gone:
            self.nr_conns -= 1
            conn.close()
        else:
            self.enqueue_req(conn)
        return True

    def enqueue_req(self, conn: SlotConnection) -> None:
        self.serving[conn] = time.monotonic()
        super().enqueue_req(conn)

    def handle(self, conn: SlotConnection) -> Any:
        """Runs in a thread of the pool."""
        self.running.add(conn)
        try:
            return super().handle(conn)
        except GivenUpError as error:
            self.log.warning("Gave up on %s", error)
            if not conn.parser.mesg:  # else the app may have begun its response
                with contextlib.suppress(OSError):
                    gunicorn.util.write_error(conn.sock, 408, "Request Timeout", "")
            return False
        except BaseException:  # sys.exit() in a view, say: raised again on the main loop, it would end the worker
            self.log.exception("Error handling request of %s", described(conn))
            return False
        finally:
            self.running.discard(conn)

    def handle_request(self, req: Any, conn: SlotConnection) -> Any:
        if isinstance(req.body.reader, ChunkedReader):
            req.body.reader = CheckedReader(conn, req.body.reader)
        try:
            return super().handle_request(req, conn)
        except OSError as error:
            if error.errno not in (errno.ETIMEDOUT, errno.EHOSTUNREACH):
                raise
            raise GivenUpError(f"{described(conn)}: {error.strerror}") from None  # see notice_gone()

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        if isinstance(exc, ParseException) and getattr(exc, "code", None) == 501:
            exc = InvalidHeader(str(exc))  # 400: no client shall make the server look broken with a transfer coding
        super().handle_error(req, client, addr, exc)

    def finish_request(self, conn: SlotConnection, fs: Any) -> None:
        if self.serving.pop(conn, None) is None:  # given up: what it ends with concerns nobody
            del self.hanging[conn]
            conn.close()
        elif fs.cancelled():  # it waited for threads that hang
            self.enqueue_req(conn)
        else:
            super().finish_request(conn, fs)

    def give_up_oldest(self) -> bool:
        """Close the lingering or parked connection that would expire next; say whether there was one."""
        if self.lingering:
            self.end_lingering(next(iter(self.lingering)))
            return True
        if self.parked:
            self.end_parked(next(iter(self.parked)))
            return True
        return False

    # A connection that was given up may still have an event in the batch that is being dispatched;
    # hence the first line of both on_..._readable.

    def park(self, conn: SlotConnection) -> None:
        """Watch a connection that has sent nothing yet; it takes no slot."""
        if len(self.parked) >= ASIDE_MOST:
            self.end_parked(next(iter(self.parked)))
        try:
            self.poller.register(conn.sock, selectors.EVENT_READ, self.on_parked_readable)
        except OSError:
            self.nr_conns -= 1
            conn.close()
            return
        self.parked[conn.sock] = (time.monotonic() + PARKED_SECONDS, conn)

    def on_parked_readable(self, sock: socket.socket) -> None:
        if sock in self.parked:
            self.poller.unregister(sock)
            self.enqueue_req(self.parked.pop(sock)[1])

    def end_parked(self, sock: socket.socket) -> None:
        self.poller.unregister(sock)
        self.parked.pop(sock)[1].close()
        self.nr_conns -= 1

    def linger(self, sock: socket.socket) -> None:
        """End a connection as RFC 9112, 9.6 asks: half-close, read to the peer's end, close.

        A plain close() with bytes unread makes the kernel send a reset, which can destroy a response
        that the client has not read yet.
        """
        try:
            sock.setblocking(False)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            sock.close()
            return
        left = drain(sock, LINGER_BYTES)
        if not left:  # most clients have closed by now
            sock.close()
            return
        if len(self.lingering) >= ASIDE_MOST:
            self.end_lingering(next(iter(self.lingering)))
        try:
            self.poller.register(sock, selectors.EVENT_READ, self.on_lingering_readable)
        except OSError:  # the kernel's limit for what is polled
            sock.close()
            return
        self.nr_conns += 1
        self.lingering[sock] = (time.monotonic() + LINGER_SECONDS, left)

    def on_lingering_readable(self, sock: socket.socket) -> None:
        if sock in self.lingering:
            deadline, left = self.lingering[sock]
            left = drain(sock, left)
            if left:
                self.lingering[sock] = (deadline, left)
            else:
                self.end_lingering(sock)

    def end_lingering(self, sock: socket.socket) -> None:
        self.poller.unregister(sock)
        del self.lingering[sock]
        sock.close()
        self.nr_conns -= 1

    def murder_pending(self) -> None:
        """Called by the main loop at least once a second, and after each batch of events."""
        super().murder_pending()
        now = time.monotonic()
        if now - self.looked_at >= 1:
            self.looked_at = now
            self.give_up_hanging(now)
        if self.waiting:
            self.take_waiting(now)
        for sock in expired(self.parked, now):
            self.end_parked(sock)
        for sock in expired(self.lingering, now):
            self.end_lingering(sock)

    def give_up_hanging(self, now: float) -> None:
        """Take their slots from requests that hang, and end the worker in its turn if their threads stay."""
        limit = SECONDS["SLOT_REQUEST_SECONDS"]
        if not limit:
            return
        for conn, since in list(itertools.takewhile(lambda item: now - item[1] > limit, self.serving.items())):
            if conn not in self.running or quiet_seconds(conn.sock) < limit:
                continue  # it waits for a thread; a long download, say
            self.log.error(
                "Gave up on %s: hangs for %.0f s (SLOT_REQUEST_SECONDS=%s)", described(conn), now - since, limit
            )
            with contextlib.suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RDWR)  # ends a thread that waits for this client
            del self.serving[conn]
            self.hanging[conn] = now
            self.nr_conns -= 1
            self.tpool.shutdown(wait=False, cancel_futures=True)  # what is under way ends there
            self.tpool = self.get_thread_pool()
        stuck = sum(now - since >= 1 for since in self.hanging.values())
        in_turn = now - struct.unpack("d", TURN)[0] >= TURN_SECONDS
        # An only worker that ends leaves nobody to serve, and one with long requests would not be back soon.
        patience = 1 if self.cfg.workers > 1 else 0
        calm = all(now - since < patience for since in self.serving.values())
        if self.alive and stuck and ((in_turn and calm) or stuck >= self.cfg.threads):
            self.log.error("Worker %s ends, as threads of it hang (%s); a new one follows", self.pid, stuck)
            TURN[:] = struct.pack("d", now)
            self.alive = False

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.told_to_end = True
        super().handle_exit(sig, frame)

    def take_waiting(self, now: float) -> None:
        """Serve what waited in the kernel's queues when this worker was told to end."""
        for listener in self.waiting:
            while self.waiting[listener] and now < self.waiting_until and self.nr_conns < self.worker_connections:
                self.waiting[listener] = self.waiting[listener] - 1 if self.accept(listener) else 0

    def run(self) -> None:
        super().run()
        self.ended = True

    def _cap_keepalive(self, deadline: float) -> None:
        """Called by a worker that ends, before it waits for its connections."""
        super()._cap_keepalive(deadline)
        # gunicorn would look after them for graceful_timeout, then only wait for their threads to end: without a
        # sign of life to the arbiter, which kills it after `timeout`, and for ever if one hangs. Here it goes on
        # looking after them until none is left but those that give_up_hanging() has given up.
        self.cfg.set("graceful_timeout", sys.maxsize)
        if self.told_to_end or os.getppid() != self.ppid:
            self.waiting = {listener: self.queued(listener) for listener in self.sockets}
            self.waiting_until = deadline
            self.take_waiting(time.monotonic())
        # A parked client may be about to speak, but not for long.
        self.parked = {sock: (min(until, deadline), conn) for sock, (until, conn) in self.parked.items()}

    def queued(self, listener: Any) -> int:
        """Return how many connections a listener may have waiting; accept() notices when there are no more."""
        known = listener.get_backlog()
        return int(self.cfg.backlog if known is None or known < 0 else known)  # nobody counts a Unix socket's


def drain(sock: socket.socket, most: int) -> int:
    """Read what a client still sends; return how many bytes more may come, 0 when the connection is over."""
    try:
        received = len(sock.recv(most))
    except BlockingIOError:
        return most
    except OSError:
        return 0
    return most - received if received else 0


def notice_gone(sock: socket.socket) -> None:
    """Have the kernel end a connection whose client has vanished: trying again, it would look alive for long."""
    option, seconds = getattr(socket, "TCP_USER_TIMEOUT", None), SECONDS["SLOT_REQUEST_SECONDS"]
    if option is not None and seconds and sock.family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, option, (seconds + 10) * 1000)  # later than give_up_hanging


def quiet_seconds(sock: socket.socket) -> float:
    """Return for how long no data has gone to the client or come from it; 0 where nobody counts."""
    try:
        # struct tcp_info of linux/tcp.h: tcpi_last_data_sent and tcpi_last_data_recv, in ms.
        sent, received = struct.unpack_from("I4xI", sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 56), 44)
    except (AttributeError, OSError, struct.error):
        return 0.0
    return float(min(sent, received)) / 1e3


def expired(waiting: Mapping[socket.socket, tuple[float, Any]], now: float) -> list[socket.socket]:
    """Return the sockets whose deadline has passed."""
    return [sock for sock, _ in itertools.takewhile(lambda item: item[1][0] <= now, waiting.items())]


# What SlotWorker overrides came step by step; gunicorn 27.0.1 is the first to have all of it.
SUPPORTED = hasattr(gthread.ThreadWorker, "_cap_keepalive") and (
    "graceful" in inspect.signature(gthread.TConn.close).parameters
)


def make_slots_exact(server: Any) -> str:
    """Switch the arbiter's gthread workers to exact slots; return what was done, for the log.

    Runs on the settings as they are in the end, so the thread count may come from anywhere.
    """
    cfg = server.cfg
    if cfg.worker_class_str == "sync" and "worker_class" not in SOURCES:
        # gunicorn's choice for one thread. Its only slot goes to whoever connects, silent or not.
        cfg.set("worker_class", "gthread")
        server.worker_class = cfg.worker_class
    if server.worker_class is not gthread.ThreadWorker:
        return f"slots as {cfg.worker_class_str} workers have them"
    if "h2" in getattr(cfg, "http_protocols", ()):
        return "slots not exact: an HTTP/2 connection is many requests"
    for name, exact in (("worker_connections", cfg.threads), ("keepalive", 0)):
        if name in SOURCES and cfg.settings[name].get() != exact:
            return f"slots not exact: {name} set by {SOURCES[name]}"
    if cfg.reuse_port:
        return "slots not exact: with reuse_port each worker has a queue of its own"
    cfg.set("worker_connections", cfg.threads)
    cfg.set("keepalive", 0)
    if not SUPPORTED:
        return f"slots exact by settings alone, as gunicorn is {gunicorn.__version__}"
    server.worker_class = SlotWorker
    limits = (f"{name.split('_')[1].lower()} {seconds or 'no'} s" for name, seconds in SECONDS.items())
    return f"exact slots ({', '.join(limits)})"


def defer_silent(listeners: Iterable[Any]) -> None:
    """Let the kernel keep a new connection until its first byte is there (Linux, TCP)."""
    option = getattr(socket, "TCP_DEFER_ACCEPT", None)
    for listener in listeners:
        if option is not None and listener.sock.family in (socket.AF_INET, socket.AF_INET6):
            with contextlib.suppress(OSError):  # a sandbox may not know it; parking does the same, later
                listener.sock.setsockopt(socket.IPPROTO_TCP, option, SILENT_SECONDS)


# --- the start line ----------------------------------------------------------------------------


def summary(cfg: Any, slots: str) -> str:
    """Return what is in force and where it came from, in one line."""
    workers, threads, kind = cfg.workers, cfg.threads, cfg.worker_class_str
    if kind in ("sync", "gthread"):
        size = f"{plural(workers, 'worker')} × {plural(threads, 'thread')} = {plural(workers * threads, 'slot')}"
    else:
        size = f"{plural(workers, 'worker')} of class {kind}"
    origin = "workers: {}, threads: {}".format(*(SOURCES.get(name, "default") for name in ("workers", "threads")))
    others = ", ".join(
        f"{name} {shown(name, cfg.settings[name].get())} ({source})"
        for name, source in sorted(SOURCES.items(), key=lambda item: (item[1] == "default", item[0]))
        if name not in ("workers", "threads", "config")
    )
    return f"{size} on {available_cpus()} vCPU ({origin}); {slots}; {others}"


def plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shown(name: str, value: Any) -> str:
    """Return a value for the log; of what may hold a secret, only the names."""
    if name in ("raw_env", "raw_paste_global_conf"):
        value = [str(entry).partition("=")[0] for entry in value]
    if isinstance(value, dict):
        value = list(value)
    if isinstance(value, type):
        return value.__name__
    return (",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)) or "none"


# --- Server-Timing -----------------------------------------------------------------------------


def with_server_timing(app: Callable[..., Any], cfg: Any) -> Callable[..., Any]:
    """Wrap a WSGI app so that each response says what it cost (W3C Server Timing).

    `app` is the wall time and `cpu` the CPU time of the thread, in ms, up to the moment at which the
    app hands over its status and headers. What a streamed body costs afterwards is not in them.
    `desc` names the worker (pid), the setting, its CPU seconds so far and its resident MB (both up to
    50 ms old).
    """
    facts = (
        f'gunicorn;desc="pid={os.getpid()} workers={cfg.workers} threads={cfg.threads} '
        f"class={cfg.worker_class_str} vcpu={available_cpus()} "
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


# --- gunicorn's hooks --------------------------------------------------------------------------


def on_starting(server: Any) -> None:
    server.log.info(summary(server.cfg, make_slots_exact(server)))
    if DEBUG:
        server.log.warning("FLASK_DEBUG=%s: ignored, debug mode is for development: `flask run --debug`", DEBUG)


on_reload = on_starting  # HUP reads this file anew, so all of it has to be done again


def post_fork(server: Any, worker: Any) -> None:
    # Here, not in when_ready: with reuse_port a worker has sockets of its own, and HUP may bind anew.
    defer_silent(worker.sockets)


def worker_exit(server: Any, worker: Any) -> None:
    if getattr(worker, "ended", False) and worker.running:
        try:
            logging.shutdown()
            sys.stdout.flush()
        finally:
            os._exit(0)  # Python would wait for the threads that hang


def child_exit(server: Any, worker: Any) -> None:
    global OOM_KILLS
    kills, OOM_KILLS = OOM_KILLS, oom_kills()
    if kills < OOM_KILLS:
        server.log.error(
            "The memory limit of %s was reached, and the kernel has killed a process of this container: worker %s, "
            "unless it ended by itself. Set fewer GUNICORN_WORKERS or GUNICORN_PRELOAD_APP=true; against a leak "
            "GUNICORN_MAX_REQUESTS; or give it more memory",
            memory_limit(),
            worker.pid,
        )


def post_worker_init(worker: Any) -> None:
    if not TIMING:
        return
    if isinstance(worker, (sync.SyncWorker, gthread.ThreadWorker, base_async.AsyncWorker)):
        worker.wsgi = with_server_timing(worker.wsgi, worker.cfg)
    else:  # an ASGI worker, say: its app is called otherwise
        worker.log.warning("SERVER_TIMING: no header, as %s workers are not known to it", worker.cfg.worker_class_str)


try:
    VALUES, SOURCES = resolve(os.environ, sys.argv[1:])
    SECONDS = {
        name: parse_count(name, os.environ.get(name, "").strip() or str(LIMITS[name]), 0, A_DAY) for name in LIMITS
    }
    TIMING = parse_flag("SERVER_TIMING", os.environ.get("SERVER_TIMING", "").strip() or "false")
except BadSettingError as error:
    raise SystemExit(f"gunicorn.conf.py: {error}") from None
OOM_KILLS = oom_kills()
# Before the app is loaded, which reads it.
DEBUG = "" if os.environ.get("FLASK_DEBUG", "").lower() in ("", "0", "false", "no") else os.environ.pop("FLASK_DEBUG")
globals().update(VALUES)
