"""nginx in front of a server, with its own defaults: it reads a request before it passes it on."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bed import free_port
from tests.bed.programs import program
from tests.bed.waiting import wait_for

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CONF = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://127.0.0.1:{target}; }}
    }}
}}
"""


@contextlib.contextmanager
def nginx(target: int) -> Iterator[int]:
    """Run it before the server on that port, and return its own port."""
    assert NGINX
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)  # its workers are another user, if it is started as root
        conf = folder / "nginx.conf"
        conf.write_text(CONF.format(folder=folder, port=port, target=target), encoding="utf-8")
        with program([NGINX, "-e", str(folder / "log"), "-p", name, "-c", str(conf)]):
            wait_for((folder / "pid").exists, what="nginx")
            yield port
