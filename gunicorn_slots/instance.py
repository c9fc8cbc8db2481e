# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""Which instance a worker is of, for those who see only its responses: behind a front end there may be thirty.

All as hashes, so that nobody learns a name, and short ones, as each response carries them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping

BOOT = "/proc/sys/kernel/random/boot_id"  # of the kernel, which all containers of a machine share
PROCESSES = "/proc/self/ns/pid"  # of the container, unless it sees the machine's processes


def described(environ: Mapping[str, str] = os.environ) -> str:
    """Return the header's words for it: `instance=5e884898 machine=0b14d501 cores=3`.

    `instance` is App Service's WEBSITE_INSTANCE_ID, else the host's name, which is the container's own, with what tells
    apart two containers that have the same one. It is there outside of containers, too: a load balancer may have two
    machines behind it. `machine` is the same for instances on one machine, and `cores` has a bit for each core that
    they may use, so that those which share cores are not taken to have some each. Both are left out where the system
    does not tell.
    """
    boot, name = read(BOOT), environ.get("WEBSITE_INSTANCE_ID", "").strip()
    if not name:
        name = f"{os.uname().nodename} {boot} {namespace(PROCESSES)}"
    words = [f"instance={hashed(name)}"]
    affinity = getattr(os, "sched_getaffinity", None)  # Linux
    if boot and affinity:
        words.append(f"machine={hashed(boot)} cores={sum(1 << core for core in affinity(0)):x}")
    return " ".join(words)


def hashed(text: str) -> str:
    """Return eight digits of a hash: of thirty instances two have the same once in ten million times."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:8]


def read(path: str) -> str:
    """Return what a file of one line says, "" where it cannot be read."""
    with contextlib.suppress(OSError), open(path, encoding="ascii", errors="replace") as file:
        return file.read().strip()
    return ""


def namespace(path: str) -> str:
    """Return which namespace this is, as the system writes it, "" where it does not tell."""
    with contextlib.suppress(OSError):
        return os.readlink(path)
    return ""
