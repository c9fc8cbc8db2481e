"""What happens to a setting when requests take longer, as where an upstream or a database gets slow: by the laws.

The CPU time of a request stays what it is, and nothing serves more than it was measured to. Where requests queue for
something inside or behind the app, that gets slow with it.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from explain_laws import Setting
from explain_words import figure
from sweep.decide.cells import Cell
from sweep.decide.limits import Limit
from sweep.decide.prediction import Prediction
from sweep.records import Check

TIMES = (2, 3)
# With so many times the load it is checked what a recommended setting does under more than it was measured with.
CHECK_TIMES = 2
# Users who never pause are all in a request, or wait for a slot, today and with slower ones: more of them show nothing.
UNCHECKED = (
    "Not checked by a run: these users think for less than a request takes, or use up the CPU, so more of them are not "
    "what slower requests are"
)


@dataclass(frozen=True)
class Slowed:
    """What a setting would do.

    Attributes:
        setting: workers and threads.
        times: how many times as long requests take in the app.
        rps: its throughput.
        response_ms: the mean response; None where it grows without end.
        kept: of what it serves now, 0 to 1.
    """

    setting: Setting
    times: int
    rps: float
    response_ms: float | None
    kept: float


def slowed_rps(setting: Setting, now: float, times: float, limit: Limit, prediction: Prediction) -> float:
    """Return the throughput of a setting, which serves `now` today, when requests take so many times as long."""
    inside = now / times if limit in ("inside", "failures") else now
    return min(inside, prediction.slowed(times).bound(setting)[0])


def slowed(cell: Cell, limit: Limit, prediction: Prediction) -> tuple[Slowed, ...]:
    """Return what a cell would do."""
    found, now = [], cell.rate
    if limit == "users" and prediction.is_open:
        now = prediction.users_rps  # how many came in a window was chance
    for times in TIMES:
        rate = slowed_rps(cell.setting, now, times, limit, prediction)
        response_s = max(times * prediction.app_s, prediction.response_s(rate))
        response_ms = response_s * 1e3 if math.isfinite(response_s) else None
        found.append(Slowed(cell.setting, times, rate, response_ms, rate / now))
    return tuple(found)


def can_check(prediction: Prediction | None) -> bool:
    """Whether more users take slots as slower requests would: those who think have fewer requests than they are."""
    return prediction is not None and prediction.thinking


def told(check: Check, prediction: Prediction | None) -> str:
    """Say what a run with more users has shown of the recommended setting."""
    who = f"{check.users} users" if check.rps is None else f"{check.rps:g} arrivals/s"
    head = f"{check.setting} with {who}, whose requests fill its slots as slower ones would"
    if check.error or check.analysis is None:
        return f"{head}, says nothing: {(check.error or 'no analysis').splitlines()[0]}"
    load = check.analysis.load
    allowed = ""
    if prediction:
        users = check.users if check.rps is None else CHECK_TIMES * prediction.users
        more = dataclasses.replace(prediction, users=users)
        allowed = f"; the laws allow {figure(more.bound(check.setting)[0])}"
    return (
        f"{head}: {figure(load.rps)} requests/s at a p95 of {check.analysis.response_ms.p95 or 0.0:.0f} ms, "
        f"{load.failures} of {load.requests} requests failed{allowed}"
    )


def foretold(one: Slowed) -> str:
    """Say what a setting would do."""
    response = "a time that grows for as long as they come" if one.response_ms is None else f"{one.response_ms:.0f} ms"
    return (
        f"{one.times} times as long: {one.setting} would serve {figure(one.rps)} requests/s "
        f"({one.kept:.0%} of today's) in {response}, by the laws"
    )
