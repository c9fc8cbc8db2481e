# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""How long a request may keep a slot waiting: SLOT_HEAD_SECONDS, SLOT_BODY_SECONDS, SLOT_REQUEST_SECONDS.

And how long a worker that ends waits for its last ones: SLOT_DRAIN_SECONDS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gunicorn_slots.parsing import parse_count

A_DAY = 86_400  # the most that is taken for one of them; the kernel's own counts end after some weeks

# A body that comes faster than this, in bytes per second, may take as long as it likes.
BODY_RATE = 1024
# A silent connection stays in the kernel for this long; then the worker gets it, without a thread.
SILENT_SECONDS = 60
# How long a connection without a byte may stay with a worker, and at least, before it is closed to make room.
PARKED_SECONDS, PARKED_LEAST_SECONDS = 5.0, 1.0
# How many connections a worker may have parked, and lingering, and kept; each takes a file descriptor. Of 1024, which
# is what a process may have by default, the app should have some, too, and what is handed over must find one. Of kept
# ones there may be a quarter of the descriptors, as in a container there are mostly more.
ASIDE_MOST, KEPT_MOST = 256, 2048
SPARE_DESCRIPTORS = 32
# How often a busy worker gives a sign of life and looks at what takes long, at the most.
NOTIFY_SECONDS, LOOK_SECONDS = 0.1, 0.05
# When to try again to take a connection, where the system refuses one and there is nothing to give up.
RETRY_SECONDS = 0.1
# How long a connection is kept without a request: longer than what usual front ends keep theirs, as the side that
# closes first must be the one that sends. nginx and AWS' load balancers 60 s, .NET (App Service's front end) 60 s, and
# Azure's load balancer forgets an idle connection after 240 s.
KEPT_SECONDS = 250
# And so much longer than that and than what anybody sets, for requests that are sent at the last moment.
KEPT_MORE_SECONDS = 2
# For how long one is kept where all of the server stops.
STOP_SECONDS = 2
# How long a request waits at first for a slot of the worker that has its connection, and for how long it may while
# requests end there, or while the worker hardly gets the CPU, as it comes so late to look; and how much later than
# another one a new one may have come and be served before it.
PATIENCE_SECONDS, STAY_SECONDS, STARVED_SECONDS = 0.002, 0.01, 0.008
TOGETHER_SECONDS = 0.01
# A thread lets the others go first where a request has been under way for so long, and that so often.
UNDER_WAY_SECONDS, YIELD_SECONDS = 0.005, 0.002
# How much memory the connections may take that wait to be served by whichever worker can; the kernel counts about 768
# bytes for each, and has a limit of its own (net.core.wmem_max).
HANDED_BYTES = 2**20
# How long a client may take to close after the last byte of its response, as in gunicorn itself, and how much it
# may still send meanwhile.
LINGER_SECONDS, LINGER_BYTES = 2.0, 65536
# Until this many seconds after a worker has ended because of threads that hang, no other one does: it starts anew.
TURN_SECONDS = 5
# For longer than this, in seconds, only as many workers may drain as serve, or twice as many: the first are cut.
LEAVING_SECONDS = {1: 10.0, 2: 3.0}
# How long the threads of requests that were cut have to end by themselves, and how many of them the log names.
CUT_SECONDS, NAMED_MOST = 2.0, 10


class Limits(NamedTuple):
    """In seconds; 0 is no limit.

    Attributes:
        head: for the rest of a request's head, from its first byte on.
        body: for its body, until it comes slower than BODY_RATE.
        request: without a byte to or from its client. App Service's front end gives up after 240 s, too.
        drain: from the last connection that a worker has taken to its end; a download may need minutes.
    """

    head: int = 10
    body: int = 20
    request: int = 240
    drain: int = 600

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Limits:
        """Return the limits that the environment sets; empty is unset.

        Raises:
            BadSettingError: one of them is no whole number of seconds up to a day.
        """
        given = {field: environ.get(variable(field), "").strip() for field in cls._fields}
        return cls(**{field: parse_count(variable(field), text, 0, A_DAY) for field, text in given.items() if text})

    def __str__(self) -> str:
        return ", ".join(f"{field} {seconds or 'no'} s" for field, seconds in self._asdict().items())


def variable(field: str) -> str:
    """Return the name of a limit's variable."""
    return f"SLOT_{field.upper()}_SECONDS"
