# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""What only shows when it is done: logging, TLS, classes, another user. Done once beforehand, refused in one line."""

from __future__ import annotations

import importlib.util
import json
import os
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import gunicorn.config
import gunicorn.glogging
import gunicorn.reloader
import gunicorn.util

from gunicorn_slots.entry import as_when_serving
from gunicorn_slots.parsing import BadSettingError, shortened


class Trial(NamedTuple):
    """Something that gunicorn does with settings.

    Attributes:
        settings: it is tried if one of these is given, and the first of them that is given is named if it fails.
        run: does it, and raises what it likes.
        expected: in words.
    """

    settings: tuple[str, ...]
    run: Callable[[Any], Any]
    expected: str


def rehearse(in_force: Mapping[str, Any], sources: Mapping[str, str]) -> None:
    """Do what gunicorn will do with the settings that are given.

    Raises:
        BadSettingError: for the first that fails.
    """
    cfg = gunicorn.config.Config()
    for name, value in in_force.items():
        cfg.set(name, value)
    # It would take over what this process writes, the line that says what is wrong included.
    cfg.set("capture_output", False)
    for trial in TRIALS:
        given = [name for name in trial.settings if sources.get(name) and in_force.get(name) is not None]
        if not given:
            continue
        try:
            with as_when_serving(cfg):
                trial.run(cfg)
        except Exception as error:
            name = given[0]
            reason = shortened(str(error))
            expected = f"expected {trial.expected}{reason and f' ({reason})'}"
            raise BadSettingError(name, in_force[name], expected, sources[name]) from None


def load(uri: Any, section: str, attribute: str) -> None:
    """Load a class that has what gunicorn calls."""
    try:
        found = gunicorn.util.load_class(uri, section=section)
    except Exception:
        raise ValueError("it cannot be imported") from None
    if not hasattr(found, attribute):
        raise ValueError(f"it has no {attribute}")


def log(cfg: Any) -> None:
    """Make a logger as gunicorn does."""
    if cfg.logconfig_json:
        with open(cfg.logconfig_json, encoding="utf-8") as file:
            if not isinstance(json.load(file), dict):
                raise ValueError("its text is no JSON object")
    kind = cfg.logger_class
    kind(cfg)


def syslog(cfg: Any) -> None:
    """Parse an address for the system's log, and reach it if it is in use."""
    kind, address = gunicorn.glogging.parse_syslog_address(cfg.syslog_addr)
    if cfg.syslog:
        if isinstance(address, str) and not os.path.exists(address):
            raise ValueError("it is not there")
        gunicorn.glogging.logging.handlers.SysLogHandler(address=address, socktype=kind).close()


def facility(cfg: Any) -> None:
    """Find a facility of the system's log."""
    if cfg.syslog_facility.lower() not in gunicorn.glogging.SYSLOG_FACILITIES:
        raise ValueError("there is none of this name")


def access_format(cfg: Any) -> None:
    """Format a line."""
    _ = cfg.access_log_format % gunicorn.glogging.SafeAtoms({})


def certificate(cfg: Any) -> None:
    """Load certificate and key. Nobody would be there to type a passphrase."""
    if not cfg.certfile:
        raise ValueError("there is no certfile beside it")
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cfg.certfile, cfg.keyfile, password=lambda: b"")


def authorities(cfg: Any) -> None:
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=cfg.ca_certs)


def ciphers(cfg: Any) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).set_ciphers(cfg.ciphers)


def user(cfg: Any) -> None:
    """Ask whether this process may become another user, and whether there can be one of this number."""
    if max(cfg.uid, cfg.gid) >= 2**32 - 1:
        raise ValueError("there is no such number")
    if (cfg.uid, cfg.gid) != (os.getuid(), os.getgid()) and os.geteuid() != 0:
        raise ValueError("only root can become another one")


def pairs(setting: str) -> Callable[[Any], None]:
    """Return a check of a list of NAME=VALUE."""

    def check(cfg: Any) -> None:
        if any(not entry.partition("=")[0] or "=" not in entry for entry in cfg.settings[setting].get()):
            raise ValueError("")

    return check


def texts(cfg: Any) -> None:
    """Look for values that no header can have."""
    if not all(isinstance(value, str) for value in cfg.secure_scheme_headers.values()):
        raise ValueError("")


def folders(cfg: Any) -> None:
    """Look for each folder."""
    for folder in cfg.pythonpath.split(","):
        if not os.path.isdir(folder.strip()):
            raise ValueError(f"{folder.strip()} is not there")


def dirty(cfg: Any) -> None:
    """Look for the modules of the apps of gunicorn's dirty workers."""
    for app in cfg.dirty_apps:
        module, colon, _ = app.partition(":")
        if not colon or not module or importlib.util.find_spec(module.partition(".")[0]) is None:
            raise ValueError(app)


def reload(cfg: Any) -> None:
    if cfg.reload and cfg.reload_engine == "inotify" and not gunicorn.reloader.has_inotify:
        raise ValueError("the package inotify is not installed")


def protocol(cfg: Any) -> None:
    if cfg.protocol not in ("http", "uwsgi"):
        raise ValueError("")


CLASS = "the name of a class that is installed here"
TRIALS: Sequence[Trial] = (
    Trial(
        ("worker_class",),
        lambda cfg: load(cfg.settings["worker_class"].get(), "gunicorn.workers", "init_process"),
        f"sync, gthread, or {CLASS}",
    ),
    Trial(("logger_class",), lambda cfg: load(cfg.settings["logger_class"].get(), "gunicorn.loggers", "access"), CLASS),
    Trial(("syslog_addr", "syslog"), syslog, "udp://HOST:PORT, tcp://HOST:PORT or unix://PATH that is there"),
    Trial(("syslog_facility",), facility, "a facility of syslog, for instance user"),
    Trial(("access_log_format",), access_format, "a format as gunicorn's, for instance %(h)s %(s)s"),
    Trial(
        ("logconfig_dict", "logconfig_json", "logconfig", "statsd_host", "logger_class"),
        log,
        "a configuration for Python's logging",
    ),
    Trial(("raw_env",), pairs("raw_env"), "NAME=VALUE"),
    Trial(("raw_paste_global_conf",), pairs("raw_paste_global_conf"), "NAME=VALUE"),
    Trial(("user", "group"), user, "the one who runs it, unless root does"),
    Trial(("certfile", "keyfile"), certificate, "a certificate and its key, which needs no passphrase"),
    Trial(("ca_certs",), authorities, "a file of certificates"),
    Trial(("ciphers",), ciphers, "ciphers as OpenSSL names them"),
    Trial(("secure_scheme_headers",), texts, 'headers and their values, for instance {"X-FORWARDED-PROTO": "https"}'),
    Trial(("pythonpath",), folders, "folders that are there, separated by commas"),
    Trial(("dirty_apps",), dirty, "MODULE:CLASS with a module that is there"),
    Trial(("reload_engine",), reload, "auto or poll"),
    Trial(("protocol",), protocol, "http or uwsgi"),
    Trial(("http_protocols",), lambda cfg: cfg.validate(), "protocols that are installed, for instance h1"),
)
