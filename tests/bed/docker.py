"""Runs `docker`, and says what the engine knows."""

from __future__ import annotations

import json
from subprocess import CompletedProcess
from typing import Any

from tests.bed.programs import ended


def docker(*args: str, check: bool = True, timeout: float = 240) -> CompletedProcess[str]:
    """Run `docker`.

    Raises:
        RuntimeError: it failed, and `check` is set; with what it wrote.
    """
    done = ended(["docker", *args], seconds=timeout)
    if check and done.returncode:
        raise RuntimeError(f"docker {' '.join(args)} ended with {done.returncode}:\n{done.stderr}")
    return done


def inspect(container: str) -> dict[str, Any]:
    """Return what the engine says of a container."""
    found: list[dict[str, Any]] = json.loads(docker("inspect", container).stdout)
    return found[0]


def image_bytes(image: str) -> int:
    """Return an image's size in bytes, its base included."""
    return int(docker("image", "inspect", "--format", "{{.Size}}", image).stdout)


def environment(container: str) -> dict[str, str]:
    """Return the variables that programs in a running container see."""
    lines = docker("exec", container, "env").stdout.splitlines()
    return dict(line.split("=", 1) for line in lines)
