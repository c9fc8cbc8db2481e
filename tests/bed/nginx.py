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
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{http}
    server {{
        listen 127.0.0.1:{port};
{location}
    }}
}}
"""


def passed_to(port: int) -> str:
    """Return the directive that has all requests passed to a server on that port."""
    return f"location / {{ proxy_pass http://127.0.0.1:{port}; }}"


@contextlib.contextmanager
def nginx(location: str, http: str = "") -> Iterator[int]:
    """Run it with directives for its server and for all, and return its port; {folder} is one of its own."""
    assert NGINX
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)  # its workers are another user, if it is started as root
        conf = folder / "nginx.conf"
        text = CONF.format(folder=folder, port=port, location=location, http=http.replace("{folder}", name))
        conf.write_text(text, encoding="utf-8")
        with program([NGINX, "-e", str(folder / "log"), "-p", name, "-c", str(conf)]) as process:
            wait_for(lambda: (folder / "pid").exists() and process.poll() is None, what="nginx")
            yield port
