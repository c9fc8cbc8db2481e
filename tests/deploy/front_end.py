"""The app behind App Service's front end, as the compose files have it, in a project of its own."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bed.compose import Stack
from tests.bed.docker import docker
from tests.bed.waiting import wait_for

ENV = "deploy/front-end/app-service.env"
FILES = "docker-compose.yml:deploy/front-end/app-service.yml"
ECHO = Path(__file__).parent / "echo.py"
# Tests that run side by side need subnets of their own; 169.254.169 has the addresses of clouds' metadata.
SUBNET = f"169.254.{os.getpid() % 160}.0/24"


@dataclass(frozen=True)
class Answer:
    """What a client got, and after which time."""

    status: int
    seconds: float
    text: str
    cookies: dict[str, str]

    @property
    def facts(self) -> dict[str, Any]:
        """What the app of echo.py says."""
        found: dict[str, Any] = json.loads(self.text)
        return found


class FrontEnd:
    """The front end and the instances behind it.

    Attributes:
        stack: the compose stack; its app_port is the front end's.
        environ: variables for Compose.
    """

    def __init__(self, stack: Stack, environ: Mapping[str, str]) -> None:
        self.stack = stack
        self.environ = {"FRONT_END_SUBNET": SUBNET, "COMPOSE_FILE": FILES} | dict(environ)

    def compose(self, *args: str, environ: Mapping[str, str] | None = None) -> str:
        given = self.environ | dict(environ or {})
        return self.stack.compose(*args, environ=given, env_file=self.stack.folder / ENV).stdout

    def up(self, *services: str, scale: int = 2, environ: Mapping[str, str] | None = None) -> None:
        """Start the front end and so many instances, and go on at once, warm or not."""
        names = services or ("front-end", "app")
        scaled = ["--scale", f"app={scale}"] if "app" in names else []
        self.compose("up", "--detach", "--no-deps", *scaled, *names, environ=environ)
        wait_for(lambda: "front end: listens" in self.log(), 20, "the front end")

    def instances(self) -> list[str]:
        """The IDs of the containers of the app that run."""
        return self.compose("ps", "--quiet", "app").split()

    def log(self) -> str:
        done = docker("logs", f"{self.stack.project}-front-end-1")
        return done.stdout + done.stderr

    def serving(self) -> set[str]:
        """The addresses of the instances that get requests now."""
        serving = set[str]()
        for address, what in re.findall(r"front end: (\S+) is (warm|back|out|gone)", self.log()):
            serving.add(address) if what in ("warm", "back") else serving.discard(address)
        return serving

    def warm(self, number: int = 2) -> None:
        """Wait until so many instances get requests."""
        wait_for(lambda: len(self.serving()) == number, 30, f"{number} warm instances")

    def get(
        self, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None, timeout: float = 30
    ) -> Answer:
        """Make a request on a connection of its own."""
        begin = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.app_port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request("POST" if body else "GET", path, body, dict(headers or {}))
            response = connection.getresponse()
            text = response.read().decode()
        given = [one.partition(";")[0].partition("=") for one in response.headers.get_all("Set-Cookie") or []]
        return Answer(response.status, time.monotonic() - begin, text, {name: value for name, _, value in given})

    def down(self) -> None:
        self.compose("down", "--remove-orphans", "--volumes", "--timeout", "1", "--rmi", "local")


@contextlib.contextmanager
def front_end(folder: Path, **environ: str) -> Iterator[FrontEnd]:
    """Build what is needed, and remove all of it at the block's end; nothing is started."""
    made = FrontEnd(Stack(f"front-end-{os.getpid()}", folder), environ)
    try:
        made.compose("build", "--quiet", "app", "front-end")
        yield made
    finally:
        made.down()


def with_echo(folder: Path) -> str:
    """The compose files with the app of echo.py in place of the sample app, for COMPOSE_FILE."""
    override = folder / "echo.yml"
    override.write_text(
        f"services:\n  app:\n    volumes: ['{ECHO}:/srv/app/echo.py:ro']\n"
        "    environment: ['GUNICORN_WSGI_APP=echo:app', 'COLD_SECONDS=${COLD_SECONDS:-0}']\n"
    )
    return f"{FILES}:{override}"
