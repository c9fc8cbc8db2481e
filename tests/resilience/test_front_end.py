"""A front end that keeps its connections to the server, and users who wait for as long as the server keeps them."""

from __future__ import annotations

import contextlib
import http.client
import random
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.bed import clean_environ, free_port, programs
from tests.bed.gunicorn import Server
from tests.bed.waiting import wait_for
from tests.resilience.conftest import FAULTY, FULL, Record, Serve
from tests.resilience.rows import STACK

pytestmark = pytest.mark.process

IDLE_SECONDS = 2
KEPT = ("--keep-alive", str(IDLE_SECONDS))
REQUESTS, RELOADS, SECONDS = (100_000, 10, 60) if FULL else (2_000, 2, 5)

# It must not try again by itself, so that each request is sent once.
NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream app {{ server 127.0.0.1:{app}; keepalive 64; keepalive_timeout {idle}s; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_next_upstream off;
    }}
  }}
}}
"""


@contextlib.contextmanager
def nginx(app: int, folder: Path) -> Iterator[int]:
    """Run nginx in front of a port, and yield its own."""
    port = free_port()
    conf = folder / "nginx.conf"
    conf.write_text(NGINX.format(folder=folder, app=app, port=port, idle=IDLE_SECONDS), encoding="utf-8")
    found = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    assert found
    with programs.program([found, "-c", str(conf)], clean_environ({}), log=folder / "log"):
        wait_for(partial(get, port, "/healthz"), what="nginx")
        yield port


def get(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    return connection.getresponse().read()


class Crowd:
    """Users who make numbered requests until all are made, each on a connection of its own.

    Attributes:
        outcomes: how many requests had which status, or which error.
    """

    def __init__(self, port: int, requests: int, pause: float) -> None:
        """`pause` is for how long every fourth of them waits, more or less, before each request."""
        self.port, self.pause = port, pause
        self.left, self.taking = requests, threading.Lock()
        self.outcomes: Counter[str] = Counter()

    def number(self) -> int:
        with self.taking:
            self.left -= 1
            return self.left

    def user(self, seed: int) -> None:
        generator = random.Random(seed)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while (number := self.number()) >= 0:
            if seed % 4 == 0:
                time.sleep(generator.uniform(0.8, 1.2) * self.pause)
            try:
                connection.request("GET", f"/io?ms=2&number={number}")
                response = connection.getresponse()
                response.read()
                self.outcomes[str(response.status)] += 1
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self.outcomes[type(error).__name__] += 1

    def start(self, users: int) -> list[threading.Thread]:
        threads = [threading.Thread(target=self.user, args=(seed,)) for seed in range(users)]
        for thread in threads:
            thread.start()
        return threads


def reload(server: Server, times: int, every: float) -> None:
    for _ in range(times):
        time.sleep(every)
        server.process.send_signal(signal.SIGHUP)


@pytest.mark.skipif(
    not shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin"), reason="nginx: not on this machine"
)
def test_a_front_end_that_keeps_connections(who: str, serve: Serve, record: Record, tmp_path: Path) -> None:
    served = tmp_path / "served"
    recycle = ("--max-requests", "500", *KEPT)
    with serve(FAULTY, {"SERVED_FILE": str(served)}, *recycle) as server, nginx(server.port, tmp_path) as port:
        crowd = Crowd(port, REQUESTS, IDLE_SECONDS)
        threads = crowd.start(36)
        reload(server, RELOADS, 1.5 if not FULL else 4)
        for thread in threads:
            thread.join()
    twice = sum(times > 1 for number, times in Counter(served.read_text().split()).items())
    lost = crowd.outcomes.total() - crowd.outcomes["200"]
    record("front", who, REQUESTS, lost, f"{crowd.outcomes['502']} × 502, {twice} sent twice")
    if who == STACK:
        assert crowd.outcomes == {"200": REQUESTS}
        assert twice == 0


def test_users_who_wait_as_long_as_connections_are_kept(who: str, serve: Serve, record: Record) -> None:
    outcomes: Counter[str] = Counter()

    def user(end: float) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < end:
            try:
                connection.request("POST", "/io?ms=10", b"x=1")
                outcomes[str(connection.getresponse().read()[:11])] += 1
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                outcomes[type(error).__name__] += 1
            time.sleep(IDLE_SECONDS)

    with serve("app:app", None, *KEPT) as server:
        port = server.port
        threads = [threading.Thread(target=user, args=(time.monotonic() + SECONDS,)) for _ in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    answered = outcomes[str(b'{"waited_ms')]
    record("pauses", who, outcomes.total(), outcomes.total() - answered)
    assert answered > 60 * 2
    if who == STACK:
        assert outcomes.total() == answered, outcomes
