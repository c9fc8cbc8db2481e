"""What several instances serve, from what one was measured to serve: by the laws.

Slots, cores and users add up: N times the users find on each of N instances what the sweep measured on one, if they
are spread evenly. What instances share does not add up, and one instance cannot show how much more of it there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from explain_words import figure
from sweep.decide.cells import Cell, served
from sweep.decide.limits import Limit, larger
from sweep.decide.prediction import Prediction

# By these an instance is limited itself.
OF_ITS_OWN: tuple[Limit, ...] = ("users", "slots", "cpu", "gil")


@dataclass(frozen=True)
class Held:
    """What so many instances hold.

    Attributes:
        instances: how many.
        users: as many times the sweep's.
        rps: the throughput of these; None where nobody can know it.
        same_users_rps: the most that the sweep's own users can get; None where nobody can know it.
    """

    instances: int
    users: int
    rps: float | None
    same_users_rps: float | None


@dataclass(frozen=True)
class Several:
    """What the recommended setting comes to on several instances.

    Attributes:
        held: for 1, 2, 3 … instances.
        known: whether it adds up as far as one instance can show.
        reason: what is known, and what is not, in words.
    """

    held: tuple[Held, ...]
    known: bool
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Return what recommendation.json holds."""
        return {"known": self.known, "reason": self.reason, "held": [vars(one) for one in self.held]}


def several(number: int, cell: Cell, cells: Sequence[Cell], limit: Limit | None, prediction: Prediction) -> Several:
    """Return what so many instances hold.

    Args:
        number: how many.
        cell: of the recommended setting, on one instance.
        cells: all that were measured.
        limit: what limits it; None if no law was asked.
        prediction: what a request asks.
    """
    refused = first_refused(cell, cells)
    known = limit in OF_ITS_OWN and not is_refused(number, cell, refused)
    held = tuple(held_by(count, cell, limit, refused, prediction) for count in range(1, number + 1))
    return Several(held, known, told(number, cell, limit, refused, prediction))


def held_by(count: int, cell: Cell, limit: Limit | None, refused: int, prediction: Prediction) -> Held:
    """Return what so many instances hold; one holds what was measured."""
    users = count * prediction.users
    if count == 1:
        return Held(count, users, cell.rate, cell.rate)
    if limit not in OF_ITS_OWN or is_refused(count, cell, refused):
        return Held(count, users, None, None)
    asked = cell.rate if limit == "users" else prediction.users_rps * (1 - cell.count.share)
    return Held(count, users, count * cell.rate, max(cell.rate, min(asked, count * cell.rate)))


def told(number: int, cell: Cell, limit: Limit | None, refused: int, prediction: Prediction) -> str:
    """Say what so many instances hold, and what nobody can know."""
    everyone, most = f"{number * prediction.users} users", figure(number * cell.rate)
    one = f"one serves {figure(cell.rate)} requests/s to {prediction.users}"
    if limit == "inside":
        return (
            f"Nobody can know what {number} instances serve: {one}, whose requests wait inside the app. If each has of "
            f"its own what they wait for, as a lock or a pool in its process, {most} to {everyone}; if they share it, "
            f"as a database or a service behind the app, no more than {figure(cell.rate)}"
        )
    if is_refused(number, cell, refused):
        return (
            f"Nobody can know what {number} instances serve: {one}, and from {refused} slots on requests fail. If "
            f"instances share what refuses them, as a database's connections, these {number} have {refused - 1} slots "
            f"together, {(refused - 1) // number} each; else they serve {most} to {everyone}"
        )
    if limit not in OF_ITS_OWN:
        return f"Nobody can know what {number} instances serve: nothing that was measured explains what limits one"
    same = held_by(number, cell, limit, refused, prediction).same_users_rps or 0.0
    return (
        f"By the laws {number} instances serve {most} requests/s to {everyone} with the same p95, as {one}; and "
        f"at most {figure(same)} to {prediction.users}. That is if users are spread evenly, and if what instances "
        "share, as a database or a service behind the app, takes so many requests at a time as quickly, which one "
        "cannot show"
    )


def is_refused(number: int, cell: Cell, refused: int) -> bool:
    """Whether so many instances have slots with which, on one, requests were seen to fail."""
    return bool(refused) and number * cell.setting.slots >= refused


def first_refused(cell: Cell, cells: Sequence[Cell]) -> int:
    """Return the fewest slots, beyond those of a cell, with which requests were seen to fail; 0 if with none."""
    failed = [other for other in cells if other.state == "failed" and larger(other, cell) and fails(other)]
    fine = [other.setting.slots for other in cells if other.state == "ok" and other.rps]
    first = min((other.setting.slots for other in failed), default=0)
    return 0 if any(slots >= first for slots in fine) else first


def fails(cell: Cell) -> bool:
    """Whether requests failed, and not the start or for memory."""
    analyses = [run.analysis for run in cell.runs if run.analysis]
    return any(served(analysis) < analysis.load.rps for analysis in analyses)
