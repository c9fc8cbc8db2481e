"""One request, as what is counted of it."""

from __future__ import annotations

from typing import NamedTuple

from explain_server_timing import Timing


class Record(NamedTuple):
    """One request, as the generator saw it.

    Attributes:
        at: when it ended, in s since the window's start.
        response_ms: response time, in ms.
        timing: what its header said, None without one.
        error: what failed, for instance "HTTP 500"; None for a success.
        think_ms: how long its user had done nothing before, in ms; None for a user's first request.
        name: what Locust counts it under.
        late_ms: how long after its response it was said to have ended, as in a `with` block that goes on.
        delay_ms: of the response time, what passed from the moment at which it was due until it was sent, in ms; None
            where nothing is due, as users wait for their answers.
        before: the instance that its user's request before had; "" if there was none, or it does not say.
        bound: whether it was sent with a cookie that asks for an instance.
    """

    at: float
    response_ms: float
    timing: Timing | None = None
    error: str | None = None
    think_ms: float | None = None
    name: str = ""
    late_ms: float = 0.0
    delay_ms: float | None = None
    before: str = ""
    bound: bool = False
