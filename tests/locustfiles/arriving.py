"""The simulation's app under arrivals that do not wait for its answers."""

from __future__ import annotations

from explain_analysis import analyse
from explain_first import First
from explain_generator import Load
from explain_record import Record
from explain_schedule import Ledger
from explain_tally import Tally
from explain_types import Analysis
from tests.locustfiles.simulated import App, Place, Process, Run, none, tally_from


class Arriving(Run):
    """So many tasks a second begin at random moments, on up to so many users."""

    def __init__(self, app: App, rps: float, max_users: int, seed: int) -> None:
        super().__init__(app, 0, none, seed)
        self.ledger, self.users = Ledger(lambda: self.now), Place(max_users)
        self.ledger.asked, self.ledger.users_allowed = rps, max_users
        self.start(self.arrivals(rps))

    def arrivals(self, rps: float) -> Process:
        while True:
            yield self.chance.expovariate(rps)
            self.start(self.arrival())

    def arrival(self) -> Process:
        due, held_back = self.now, not self.users.free
        self.ledger.arrived()
        yield self.users
        start, delay = self.now, self.ledger.begins(due, held_back)
        route = self.chance.choices(self.app.routes, [route.weight for route in self.app.routes])[0]
        timing = yield from self.request(route, self.chance.choices(self.instances, self.weights)[0])
        taken = (self.now - start) * 1e3
        self.records.append(Record(self.now, taken + delay * 1e3, timing, name=route.name, delay_ms=delay * 1e3))
        self.first.append(First(start, taken, timing.app_ms, route.name))
        self.ledger.ends()
        self.give_back(self.users)


def counted(app: App, rps: float, seconds: float, max_users: int, seed: int = 7) -> tuple[Tally, Load]:
    """What Locust counts in so many seconds, and what it knows of itself."""
    run = Arriving(app, rps, max_users, seed)
    run.run(seconds)
    run.now = seconds
    return tally_from(run), Load(seconds=seconds, cpu_seconds=seconds / 10, arrivals=run.ledger.peek())


def explained(app: App, rps: float, seconds: float = 20.0, max_users: int = 1000, seed: int = 7) -> Analysis:
    """The analysis of so many seconds."""
    tally, load = counted(app, rps, seconds, max_users, seed)
    return analyse(tally, 1, seconds, [load])
