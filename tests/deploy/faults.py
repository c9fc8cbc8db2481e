"""What happens to instances behind the front end while users make requests, and what it costs the users."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass

from tests.bed.docker import docker
from tests.bed.users import Run, users
from tests.deploy.front_end import FrontEnd
from tests.resilience.rows import BARE, STACK

# Two instances that have as much to do as they can serve; only the worker differs.
BARE_COMMAND = (
    "gunicorn --config /dev/null --bind 0.0.0.0:8000 --workers 3 --graceful-timeout 4 --threads {threads} app:app"
)
SETTINGS = {
    STACK: lambda threads: {"GUNICORN_WORKERS": "3", "GUNICORN_THREADS": str(threads)},
    BARE: lambda threads: {"STARTUP_COMMAND": BARE_COMMAND.format(threads=threads)},
}


@dataclass(frozen=True)
class Cost:
    """What a fault cost the users.

    Attributes:
        sent, lost: requests.
        longest_s: the longest time for which no answer came.
        outcomes: how many ended in which way.
    """

    sent: int
    lost: int
    longest_s: float
    outcomes: dict[str, int]


def kill(running: FrontEnd, who: str) -> None:
    """End one instance at once, as when its machine dies."""
    docker("kill", running.instances()[0])


def stop(running: FrontEnd, who: str) -> None:
    """Take one instance away, as when there are to be fewer."""
    docker("stop", running.instances()[0])


def deploy(running: FrontEnd, who: str) -> None:
    """Start all instances anew with another setting."""
    running.up("app", environ=SETTINGS[who](4))


FAULTS = {"kill": kill, "stop": stop, "deploy": deploy}


def under_load(running: FrontEnd, fault: str, who: str, seconds: float) -> Cost:
    """Start two instances, have users make requests, let one fault happen to them, and count until it is over."""
    running.up("app", environ=SETTINGS[who](6))
    running.warm(2)
    with users(running.stack.app_port, 36, timeout=30) as run:
        time.sleep(2)
        FAULTS[fault](running, who)
        time.sleep(seconds)
    return Cost(run.sent + run.refused, run.lost + run.refused, silence(run), run.outcomes)


def silence(run: Run) -> float:
    """Return the longest time between two answers."""
    ends = sorted(request.ended for request in run.requests if request.outcome == "answered")
    return max((later - earlier for earlier, later in itertools.pairwise(ends)), default=0.0)
