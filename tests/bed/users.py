"""Users who account for each request: sent, and then answered in full, refused, or lost."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """One request's end.

    Attributes:
        sent: when it was on its way, by time.monotonic().
        ended: when its outcome was known.
        outcome: `answered` in full with 200; `refused`: no connection, so nothing was sent; else what went wrong.
    """

    sent: float
    ended: float
    outcome: str

    @property
    def lost(self) -> bool:
        """Sent, but not answered in full with 200."""
        return self.outcome not in ("answered", "refused")


@dataclass
class Run:
    """What became of all requests of some users."""

    requests: list[Request] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """Requests that went out."""
        return sum(request.outcome != "refused" for request in self.requests)

    @property
    def refused(self) -> int:
        """Requests that didn't, as nobody took the connection."""
        return sum(request.outcome == "refused" for request in self.requests)

    @property
    def lost(self) -> int:
        """Requests that were sent and not answered in full."""
        return sum(request.lost for request in self.requests)

    @property
    def outcomes(self) -> dict[str, int]:
        """How many ended in which way; for a test's message."""
        return dict(Counter(request.outcome for request in self.requests))

    def between(self, begin: float, end: float = float("inf")) -> Run:
        """Return the requests that were sent from `begin` until `end`."""
        return Run([request for request in self.requests if begin <= request.sent < end])

    def rate(self, begin: float, end: float) -> float:
        """Return the answers per second that came from `begin` until `end`."""
        answered = sum(request.outcome == "answered" and begin <= request.ended < end for request in self.requests)
        return answered / (end - begin)

    def percentile(self, share: float) -> float:
        """Return the time in ms that `share` (0 to 1) of the answers did not exceed."""
        times = sorted(request.ended - request.sent for request in self.requests if request.outcome == "answered")
        return times[min(len(times) - 1, int(share * len(times)))] * 1e3


def one(connection: http.client.HTTPConnection, path: str) -> Request:
    """Make one request, on the connection's socket if it has one still."""
    try:
        if connection.sock is None:
            connection.connect()
    except OSError:
        return Request(time.monotonic(), time.monotonic(), "refused")
    sent = time.monotonic()
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        outcome = "answered" if response.status == 200 and body.endswith(b"}\n") else f"{response.status}"
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        outcome = type(error).__name__
    return Request(sent, time.monotonic(), outcome)


@contextlib.contextmanager
def users(
    port: int, number: int = 36, path: str = "/io?ms=100", timeout: float = 30, host: str = "127.0.0.1"
) -> Iterator[Run]:
    """Let users request a path over and over until the block ends; each keeps its connection if the server does.

    Args:
        port: the server's.
        number: how many users.
        path: what they request; its response has to end as JSON does.
        timeout: seconds without a byte until a request counts as lost.
        host: a container's address, where a port on 127.0.0.1 would have a proxy in between.

    Yields:
        What became of the requests; complete when the block has ended.
    """
    run, stop = Run(), threading.Event()

    def user() -> None:
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
        while not stop.is_set():
            request = one(connection, path)
            run.requests.append(request)
            if request.outcome == "refused":
                stop.wait(0.05)
        connection.close()

    threads = [threading.Thread(target=user) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield run
    finally:
        stop.set()
        for thread in threads:
            thread.join()
