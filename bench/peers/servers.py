"""The servers that stand side by side, each with 18 requests at a time where it knows such a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

APP = "bench.peers.served:app"
STACK, BARE = "this stack", "gunicorn gthread"


@dataclass(frozen=True)
class Peer:
    """A server and how it is started.

    Attributes:
        name: what the tables call it.
        packages: what is installed for it; the first is the one whose version counts.
        command: the program and its options, as the page shows them.
        rest: what the page leaves out: the address, the app, no access log.
        source: where its documentation says so.
        slots: how the command line comes to 18, in words.
        environ: variables of its own.
        here: whether it starts in this repository's folder, where gunicorn finds gunicorn.conf.py.
    """

    name: str
    packages: tuple[str, ...]
    command: tuple[str, ...]
    rest: tuple[str, ...]
    source: str
    slots: str
    environ: Mapping[str, str] = field(default_factory=dict)
    here: bool = False

    def line(self, port: int) -> list[str]:
        """Return the whole command line for a port on 127.0.0.1."""
        return [*self.command, *(part.format(port=port) for part in self.rest)]


SETTINGS = "https://gunicorn.org/reference/settings/"
BIND = ("--bind", "127.0.0.1:{port}")
GUNICORN = (*BIND, "--no-control-socket", APP)  # it writes below HOME, and two gunicorns would share it

PEERS = [
    Peer(
        STACK,
        ("gunicorn",),
        ("gunicorn", "--workers", "3", "--threads", "6"),
        (*BIND, APP),
        "exact-slots.md",
        "3 × 6, exact, by this repository's `gunicorn.conf.py`",
        environ={"GUNICORN_ACCESSLOG": "None"},
        here=True,
    ),
    Peer(
        BARE,
        ("gunicorn",),
        ("gunicorn", "--workers", "3", "--threads", "6"),
        GUNICORN,
        f"{SETTINGS}#threads",
        "3 × 6, at most",
    ),
    Peer(
        "gunicorn sync",
        ("gunicorn",),
        ("gunicorn", "--workers", "18"),
        GUNICORN,
        f"{SETTINGS}#workers",
        "18 processes of one slot",
    ),
    Peer(
        "gunicorn gevent",
        ("gunicorn", "gevent"),
        ("gunicorn", "--worker-class", "gevent", "--workers", "3"),
        GUNICORN,
        f"{SETTINGS}#worker_class",
        "no such number: up to 1000 connections a process",
    ),
    Peer(
        "waitress",
        ("waitress",),
        ("waitress-serve", "--threads", "18"),
        ("--listen", "127.0.0.1:{port}", APP),
        "https://docs.pylonsproject.org/projects/waitress/en/stable/runner.html",
        "one process, 18 threads",
    ),
    Peer(
        "uWSGI",
        ("uwsgi",),
        ("uwsgi", "--master", "--processes", "3", "--threads", "6", "--add-header", "Connection: Close"),
        ("--http-socket", "127.0.0.1:{port}", "--disable-logging", "--module", APP),
        "https://uwsgi-docs.readthedocs.io/en/latest/HTTP.html",
        "3 × 6; on an `--http-socket`, which is for a host with a proxy in front, and closes after each response",
    ),
    Peer(
        "granian",
        ("granian",),
        ("granian", "--interface", "wsgi", "--workers", "3", "--blocking-threads", "6"),
        ("--host", "127.0.0.1", "--port", "{port}", APP),
        "https://github.com/emmett-framework/granian#workers-and-threads",
        "3 × 6 blocking threads",
    ),
    Peer(
        "cheroot",
        ("cheroot",),
        ("cheroot", "--threads", "18", "--max-threads", "18"),
        (*BIND, APP),
        "https://cheroot.cherrypy.dev",
        "one process, 18 threads",
    ),
    Peer(
        "uvicorn, a2wsgi",
        ("uvicorn", "a2wsgi", "uvloop", "httptools"),
        ("uvicorn", "--workers", "3"),
        ("--host", "127.0.0.1", "--port", "{port}", "--no-access-log", "bench.peers.asgi:app"),
        "https://github.com/abersheeran/a2wsgi",
        "3 processes, and `WSGIMiddleware(app, workers=6)` in each",
    ),
]
