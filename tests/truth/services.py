"""What the apps need: PostgreSQL and nginx as processes on loopback, and another service. Each for a block."""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bed.gunicorn import gunicorn
from tests.bed.nginx import NGINX, nginx
from tests.bed.programs import ended, program
from tests.bed.waiting import wait_for

HERE = Path(__file__).parent
CONNECTIONS = 10  # that PostgreSQL takes of the apps: the three it keeps for itself are off
HTTP = """
    client_max_body_size 20m;
    proxy_cache_path {folder}/cache keys_zone=kept:1m;
    limit_req_zone $server_name zone=all:1m rate=40r/s;
"""


@functools.cache
def tool(name: str) -> str | None:
    """Return where a program of PostgreSQL's is, None if it is missing; Debian keeps them off a user's PATH."""
    for path in (shutil.which(name), *Path("/usr/lib/postgresql").glob(f"*/bin/{name}")):
        if path and Path(path).exists():
            return str(path)
    return None


def missing(services: Sequence[str], front: str) -> list[str]:
    """Return the programs that an app needs and that this machine has not, as Debian calls their packages."""
    there = {"postgresql": tool("initdb"), "nginx": NGINX}
    needed = {"postgresql": any(name.startswith("postgres") for name in services), "nginx": bool(front)}
    return [package for package, wanted in needed.items() if wanted and not there[package]]


@contextlib.contextmanager
def postgres(connections: int) -> Iterator[dict[str, str]]:
    """Run a PostgreSQL with a table `stock`, and that takes so many connections; DATABASE says where it is."""
    initdb, server, client = (tool(name) or name for name in ("initdb", "postgres", "psql"))
    with tempfile.TemporaryDirectory(prefix="truth-") as name:
        folder, as_user = Path(name), []
        if os.geteuid() == 0:  # it refuses to run as root; Debian's package has made a user for it
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
            as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        data = folder / "data"
        made = ended([*as_user, initdb, "--no-sync", "--auth=trust", "--username=truth", str(data)], cwd=folder)
        if made.returncode:
            raise RuntimeError(f"initdb ended with {made.returncode}:\n{made.stderr}")
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "max_connections": str(connections),
            "superuser_reserved_connections": "0",
            "shared_buffers": "16MB",
            "fsync": "off",
            "max_wal_senders": "0",
            "autovacuum": "off",
        }
        command = [*as_user, server, "-D", str(data), *(f"-c{key}={value}" for key, value in options.items())]
        where = f"host={folder} user=truth dbname=postgres"
        with program(command, cwd=folder, log=folder / "log"):
            table = "create table stock (id int primary key, number int); insert into stock values (1, 1000000)"
            wait_for(lambda: ended([client, where, "--command", table]).returncode == 0, what="PostgreSQL")
            yield {"DATABASE": where}


@contextlib.contextmanager
def upstream() -> Iterator[dict[str, str]]:
    """Run the service that others ask, which takes four requests at a time; UPSTREAM is its address."""
    environ = {"GUNICORN_WSGI_APP": "tests.truth.apps.upstream:app", "GUNICORN_THREADS": "4", "GUNICORN_WORKERS": "1"}
    with gunicorn(environ=environ, ready="/") as server:
        yield {"UPSTREAM": server.url}


@contextlib.contextmanager
def needs(services: Sequence[str]) -> Iterator[dict[str, str]]:
    """Run them, and return the variables that say where they are, and FOLDER, where an app may keep a file."""
    with contextlib.ExitStack() as stack:
        environ = {"FOLDER": stack.enter_context(tempfile.TemporaryDirectory(prefix="truth-"))}
        for name in services:
            kinds = {
                "postgres": lambda: postgres(200),
                "postgres-ten": lambda: postgres(CONNECTIONS),
                "upstream": upstream,
            }
            environ |= stack.enter_context(kinds[name]())
        yield environ


@contextlib.contextmanager
def front_of(front: str, ports: Sequence[int]) -> Iterator[str]:
    """Run nginx before the app's servers; return its address."""
    servers = " ".join(f"server 127.0.0.1:{each};" for each in ports)
    location = (HERE / "fronts" / f"{front}.conf").read_text(encoding="utf-8").rstrip()
    with nginx(f"        server_name truth;\n{location}", f"{HTTP}    upstream app {{ {servers} }}") as port:
        yield f"http://127.0.0.1:{port}"
