"""Runs the compose stack under a project name and on ports of its own."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from tests.bed import ROOT, clean_environ, free_port
from tests.bed.docker import docker, inspect
from tests.bed.locust import Load, options, parse
from tests.bed.programs import ended
from tests.bed.waiting import wait_for_200

# Compose reads these from the shell too, and none of them may leak into a measurement.
COMPOSE_ONLY = ("APP_", "MASTER_", "FRONT_END_", "WEBSITE", "STARTUP_COMMAND", "COMPOSE_")


def clone(folder: Path) -> Path:
    """Copy what git knows of this repository into `folder`, so what a clone has: no .env, which the app would get."""
    for name in filter(None, ended(["git", "ls-files", "-z"], cwd=ROOT).stdout.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


class Stack:
    """The compose stack of this repository.

    Attributes:
        project: Compose's project name; containers and image have it in theirs.
        folder: where docker-compose.yml is.
        app_port: the app's port on 127.0.0.1.
        web_port: Locust's.
    """

    def __init__(self, project: str, folder: Path = ROOT) -> None:
        """Choose the ports; starts nothing."""
        self.project, self.folder = project, folder
        self.app_port, self.web_port = free_port(), free_port()

    def elsewhere(self, folder: Path) -> Stack:
        """Return the same project and its images, with the docker-compose.yml of another folder."""
        stack = copy.copy(self)
        stack.folder = folder
        return stack

    @property
    def image(self) -> str:
        return f"{self.project}-app"

    @property
    def app_url(self) -> str:
        return f"http://127.0.0.1:{self.app_port}"

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    def compose(
        self,
        *args: str,
        environ: Mapping[str, str] | None = None,
        env_file: Path | str = "/dev/null",
        override: Path | None = None,
        check: bool = True,
        timeout: float = 240,
    ) -> CompletedProcess[str]:
        """Run `docker compose` with `environ` set and no .env but `env_file`, and with an `override` file if given.

        Raises:
            RuntimeError: it failed, and `check` is set; with what it wrote.
        """
        shell = {name: value for name, value in clean_environ().items() if not name.startswith(COMPOSE_ONLY)}
        ports = {"APP_PORT": str(self.app_port), "LOCUST_WEB_PORT": str(self.web_port)}
        if args[0] == "config":
            del shell["LOCUST_REPORTS"]
        if args[0] == "run":
            ports["BUILDKIT_PROGRESS"] = (
                "quiet"  # it would be among what the program writes; of `up` it hides that, too
            )
        files = ["--file", "docker-compose.yml", "--file", str(override)] if override else []
        command = ["docker", "compose", "--project-name", self.project, "--env-file", str(env_file), *files, *args]
        done = ended(command, shell | ports | dict(environ or {}), cwd=self.folder, seconds=timeout)
        if check and done.returncode:
            raise RuntimeError(f"docker compose {' '.join(args)} ended with {done.returncode}:\n{done.stderr}")
        return done

    def up(
        self,
        *services: str,
        environ: Mapping[str, str] | None = None,
        env_file: Path | str = "/dev/null",
        override: Path | None = None,
    ) -> None:
        """Start services anew (all of them without a name), and wait until they answer.

        They answer some seconds before the engine looks whether they are healthy, so neither this nor Locust waits for
        that. `compose("up", "--wait")` does.

        Raises:
            TimeoutError: one does not answer.
        """
        urls = {"app": self.app_url + "/healthz", "locust": self.web_url}
        for service in services or urls:
            start = ["up", "--detach", "--force-recreate", "--no-deps", service]
            self.compose(*start, environ=environ, env_file=env_file, override=override)
        for service in services or urls:
            wait_for_200(urls[service])

    def remove(self) -> None:
        """Remove the containers at once."""
        label = f"label=com.docker.compose.project={self.project}"
        if found := docker("ps", "--all", "--quiet", "--filter", label).stdout.split():
            docker("rm", "--force", *found, check=False)

    def down(self) -> None:
        """Remove the containers, the network and the image."""
        self.remove()
        self.compose("down", "--remove-orphans", "--timeout", "5", "--rmi", "local", "--volumes")

    def container(self, service: str) -> str:
        """Return the id of a service's container."""
        return self.compose("ps", "--all", "--quiet", service).stdout.strip()

    def inspect(self, service: str) -> dict[str, Any]:
        """Return what the engine says of a service's container."""
        return inspect(self.container(service))

    def log(self, service: str) -> str:
        """Return all that a service's container wrote."""
        done = docker("logs", self.container(service))
        return done.stdout + done.stderr

    def locust(
        self,
        *args: str,
        volumes: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        override: Path | None = None,
        check: bool = True,
        timeout: float = 240,
    ) -> CompletedProcess[str]:
        """Run Locust in its container to its end, against the app as it is, under the same variables as the app.

        Raises:
            RuntimeError: it failed, and `check` is set; with what it wrote.
        """
        run = ["run", "--rm", "--no-TTY", "--no-deps", *(f"--volume={volume}" for volume in volumes), "locust"]
        return self.compose(*run, *args, environ=environ, override=override, check=check, timeout=timeout)

    def load(self, users: int, seconds: float, *volumes: str, environ: Mapping[str, str] | None = None) -> Load:
        """Run Locust headless in its container, and return its own figures."""
        done = self.locust(*options(users, seconds), volumes=volumes, environ=environ, timeout=seconds + 120)
        return parse(done.stdout)
