"""Before Locust, in Compose: wait until the app answers, or say why it does not start. `explain_start.py PROGRAM …`.

Before that it becomes the user to whom reports/ belongs on the host, so that this user can read and delete what Locust
writes. Where that is root (a rootless engine, or Docker Desktop, where root here is you), root it stays.

`docker compose run --rm locust` shows this container's screen alone. So what the app's container knows of a start that
failed is in a file that both have (`gunicorn_slots` leaves it there), and is said here.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import sys
import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

REPORTS = Path("/mnt/reports")
HOST = "app"  # the service's name in docker-compose.yml: of another server nobody here knows whether it shall start
PATH = "/healthz"
# A note that is there for so long is not that of a start before this one, which takes it away when it begins.
SETTLED_SECONDS = 3.0
# And older than this it is of no start that Compose has just made, together with Locust's.
OLD_SECONDS = 10.0
# Without its container there is no such host; Compose may be starting it anew.
GONE_SECONDS = 10.0
ASK_SECONDS = 5.0  # as long as the image's health check
LOADING = "the app is still loading"  # so begins a note of a start that goes on


def main(argv: Sequence[str], environ: Mapping[str, str] = os.environ) -> None:
    """Become the program when the app answers.

    Args:
        argv: the program and its arguments.
        environ: LOCUST_HOST, SLOT_START_NOTE and APP_START_SECONDS are read.
    """
    become_owner(REPORTS)
    address = urllib.parse.urlsplit(target(argv[1:], environ))
    worker = "--worker" in argv or environ.get("LOCUST_MODE_WORKER", "").lower() == "true"  # its master has waited
    if address.hostname == HOST and not worker:
        seconds = environ.get("APP_START_SECONDS", "60")
        if not seconds.isdecimal() or not 1 <= int(seconds) <= 3600:
            sys.exit(f"APP_START_SECONDS={seconds}: expected a whole number, 1 to 3600")
        note, since = Path(environ.get("SLOT_START_NOTE", "")), time.time() - OLD_SECONDS
        if reason := why_not(lambda: state_of(HOST, address.port or 80), lambda: read(note, since), int(seconds)):
            sys.exit(reason)
    os.execvp(argv[0], list(argv))  # noqa: S606 no shell is wanted


def become_owner(folder: Path) -> None:
    """Become the user to whom a folder belongs, if this is root and may."""
    with contextlib.suppress(OSError):
        owner = folder.stat()
        if os.geteuid() == 0 != owner.st_uid:
            os.setgroups([])
            os.setgid(owner.st_gid)
            os.setuid(owner.st_uid)


def target(options: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the host that Locust will put under load, "" where it ends before that."""
    if {"--help", "-h", "--version", "-V", "--list", "-l"} & set(options):
        return ""
    for at, option in enumerate(options):
        if option in ("-H", "--host"):
            return "".join(options[at + 1 : at + 2])
        if option.startswith("--host="):
            return option.removeprefix("--host=")
    return environ.get("LOCUST_HOST", "")


def why_not(
    state: Callable[[], str],
    note: Callable[[], str],
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Wait until the app answers; return why it does not.

    Args:
        state: how it stands with the app, see `state_of`.
        note: what its start left behind; "" for nothing.
        seconds: how long to wait.
        clock, sleep: the time.
    """
    begun = clock()
    noted, since, gone_since = "", begun, begun
    while (now := clock()) - begun < seconds:
        how = state()
        if how == "answers":
            return ""
        if (text := note()) != noted:
            noted, since = text, now
        if how != "gone":
            gone_since = now
        if noted and not noted.startswith(LOADING) and how != "silent" and now - since >= SETTLED_SECONDS:
            return noted
        if now - gone_since >= GONE_SECONDS:
            return noted or "the app's container has ended: `docker compose logs app` says why"
        sleep(0.2)
    reason = f"the app did not answer within {seconds:g} s (APP_START_SECONDS)"
    return f"{reason}{noted and ': '}{noted}\n`docker compose logs app` has its log"


def state_of(host: str, port: int) -> str:
    """Return how it stands with a server: it answers, is silent, is closed as nobody listens, or its host is gone."""
    connection = http.client.HTTPConnection(host, port, timeout=ASK_SECONDS)
    try:
        connection.request("GET", PATH)
        connection.getresponse()
    except ConnectionRefusedError:
        return "closed"
    except TimeoutError:
        return "silent"
    except socket.gaierror:
        return "gone"
    except OSError:
        return "closed"
    except http.client.HTTPException:
        return "answers"  # something, which Locust will call a failure
    finally:
        connection.close()
    return "answers"


def read(path: Path, since: float) -> str:
    """Return a note's text, "" for one that is older, and for none."""
    with contextlib.suppress(OSError):
        if path.stat().st_mtime >= since:
            return path.read_text(encoding="utf-8", errors="replace").strip()
    return ""


if __name__ == "__main__":
    main(sys.argv[1:])
