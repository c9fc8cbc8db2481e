"""One run as it is counted: its window, in any of Locust's kinds of process.

The window that counts starts when all users are there, and anew with Locust's reset, with another number of users
and with the next test; it ends with the test. With worker processes the master says when a window starts, and the
workers' tallies reach it with Locust's own reports, the last one before `quitting`. The thresholds look at more: at all
from the end of the first ramp to the end of the test, whatever the number of users did meanwhile.
"""

from __future__ import annotations

import time
from typing import Any

import gevent
from locust.runners import STATE_SPAWNING, MasterRunner

import explain_first
from explain_analysis import analyse
from explain_crew import Crew
from explain_events import METHODS, describe, landed_on, seen_before
from explain_first import First, FirstOnes
from explain_generator import Load
from explain_monitor import Monitor
from explain_opening import Opening
from explain_pauses import note_waits, paced_rps, pause_before
from explain_pool import delay_of
from explain_record import Record
from explain_server_timing import headers_of, parse_all
from explain_stays import instance_before, is_bound
from explain_tally import Tally
from explain_timeline import timeline
from explain_totals import Totals
from explain_types import Analysis, Timeline
from explain_words import route_of

BEGIN = "explain_begin"  # the master's message to its workers
TICK = 0.05  # s between two looks at the generator's lag
# Requests are counted in batches, in 0.5 ms each: between two requests it would take twice the CPU, as the
# processor's caches hold Locust's code and not this one's.
BATCH = 100


class Explanation:
    """One window of a run, in any of Locust's kinds of process.

    Attributes:
        tally: the requests so far; in a worker process those since its last report.
        pending: what is to be counted yet: the arguments of a Record, with headers for a timing, and the user.
        started: whether there has been a test.
        test_began: when.
        run: a number for each window, so that a report that is too late counts nowhere.
        first: the test's first requests, also during the ramp; reported: how many of them the master has.
        ramped: when the first ramp of the test was over; None before.
        finished: when the test ended; None before.
        others: what the thresholds count besides the window; in a worker process since its last report.
        users: number of users, 0 while not all are there.
        seconds, loads: what each process has counted, by its id.
    """

    def __init__(self, environment: Any) -> None:
        self.environment = environment
        self.monitor = Monitor()
        self.opening = Opening(environment, self.monitor.ledger)
        self.crew = Crew(environment)
        self.run = 0
        self.started = False
        self.tally = Tally()
        self.forget()

    def forget(self) -> None:
        """Forget the last test."""
        self.test_began = time.perf_counter()
        self.first = FirstOnes()
        self.first_sent = 0
        self.ramped: float | None = None
        self.finished: float | None = None
        self.pending: list[tuple[Any, ...]] = []
        self.clear()
        self.others = Totals()

    def clear(self) -> None:
        """Forget the window; nothing is counted until `begin`."""
        if self.pending:
            self.count()
        self.counting = False
        self.users = 0
        self.begun = self.ended = self.reported = time.perf_counter()
        if self.ramped is not None:
            self.others.add_tally(self.tally)
        self.tally = Tally()
        self.seconds: dict[str, float] = {}
        self.loads: dict[str, Load] = {}
        self.last_load = Load()

    # --- the window -----------------------------------------------------------------------------

    def start_test(self) -> None:
        """Forget the last test."""
        self.started = True
        self.forget()
        self.opening.start_test()
        for user_class in self.environment.user_classes:
            note_waits(user_class, self.monitor)

    def begin(self, users: int, run: int | None = None, processes: int = 1) -> None:
        """Start a window. In a worker process the master says its number, and how many processes there are."""
        self.clear()
        self.run = self.run + 1 if run is None else run
        self.users = users
        self.counting = True
        if self.ramped is None:
            self.ramped = self.begun
        self.monitor.start()
        if isinstance(self.environment.runner, MasterRunner):
            told = {"run": self.run, "users": users, "processes": max(1, self.environment.runner.worker_count)}
            self.environment.runner.send_message(BEGIN, told)
        self.opening.begin(processes, self.reset)

    def reset(self) -> None:
        """Start the window anew, and what the thresholds count; after a test, forget it."""
        users, counting = self.users, self.counting
        self.clear()
        self.others = Totals()
        if counting:
            self.ramped = None
            self.begin(users)

    def end(self) -> None:
        """End the window."""
        if self.counting:
            self.counting = False
            self.ended = time.perf_counter()
            self.last_load = self.monitor.peek()

    def finish(self) -> None:
        """End the test; what its users still get does not count."""
        self.end()
        self.opening.end()
        if self.finished is None:
            self.finished = time.perf_counter()

    def elapsed(self) -> float:
        """Return how long the window is so far, in s."""
        return (time.perf_counter() if self.counting else self.ended) - self.begun

    # --- counting -------------------------------------------------------------------------------

    def on_request(
        self,
        request_type: str = "",
        name: str = "",
        response_time: float | None = None,
        exception: Any = None,
        response: Any = None,
        start_time: float | None = None,
        url: Any = None,
        **_others: Any,
    ) -> None:
        """Count one request."""
        if request_type not in METHODS or (response is None and not exception) or seen_before(response):
            self.tally.events += self.counting
            if response_time is not None and self.ramped is not None and self.finished is None:
                self.others.add(response_time, bool(exception))
            return
        now, greenlet = time.perf_counter(), gevent.getcurrent()
        think_ms, delay_ms = pause_before(greenlet, now, response_time or 0.0), delay_of(greenlet)
        if response_time is None:
            return
        error = describe(exception, response) if exception else None
        lands = landed_on(response, url) if self.first.are_few else ""
        if self.counting:
            # Locust's clock of a request's start is that of the day.
            late_ms = max(0.0, (time.time() - start_time) * 1e3 - response_time) if start_time else 0.0
            times = (now - self.begun, response_time, late_ms, delay_ms if self.opening.load else None, think_ms)
            what = request_type, name, lands, greenlet, is_bound(response)
            self.pending.append((*times, headers_of(response), error, *what))
            if len(self.pending) >= BATCH:
                self.count()
        elif self.finished is None:
            self.count_ramp(now, response_time, delay_ms, response, error, route_of(request_type, name), lands)

    def count(self) -> None:
        """Count the requests that are still to be counted."""
        pending, self.pending = self.pending, []
        before = self.begun - self.test_began
        for at, response_ms, late_ms, delay_ms, think_ms, headers, error, method, name, lands, user, bound in pending:
            timing, route = parse_all(headers) if headers else None, route_of(method, name)
            stays = instance_before(user, timing), bound
            self.tally.add(Record(at, response_ms, timing, error, think_ms, route, late_ms, delay_ms, *stays))
            if self.first.are_few and timing and error is None:
                self.first.add(before + at, response_ms - (delay_ms or 0.0), timing, route, lands)

    def count_ramp(
        self, now: float, response_ms: float, delay_ms: float, response: Any, error: str | None, name: str, lands: str
    ) -> None:
        """Count a request that no window has: the thresholds count it after the first ramp."""
        if self.ramped is not None:
            self.others.add(response_ms, error is not None)
        if self.first.are_few and error is None and (timing := parse_all(headers_of(response))):
            self.first.add(now - self.test_began, response_ms - delay_ms, timing, name, lands)

    def counted(self) -> Tally:
        """Return the tally with all that belongs to it; a master's has the first requests of its worker processes."""
        self.count()
        self.tally.raised = self.crew.raised()
        explain_first.note(self.tally, self.first)
        return self.tally

    def total(self) -> Totals:
        """Return what the thresholds look at."""
        whole = Totals()
        whole.merge(self.others)
        whole.add_tally(self.counted())
        return whole

    def total_seconds(self) -> float:
        """Return how long that was."""
        return 0.0 if self.ramped is None else (self.finished or time.perf_counter()) - self.ramped

    def watch(self) -> None:
        """Look at this process's lag, for ever."""
        while True:
            due = time.perf_counter() + TICK
            gevent.sleep(TICK)
            if self.counting:
                self.monitor.late(time.perf_counter() - due)
                if self.environment.runner.state == STATE_SPAWNING:
                    self.end()  # another number of users: their ramp counts no more than the first one

    # --- worker processes ---------------------------------------------------------------------------

    def on_begin_message(self, msg: Any, **_others: Any) -> None:
        """Start a window, in a worker process."""
        self.begin(msg.data["users"], msg.data["run"], msg.data["processes"])

    def on_report_to_master(self, data: dict[str, Any], **_others: Any) -> None:
        """Add what was counted since the last report, in a worker process."""
        if self.ramped is None:
            return
        self.count()
        report: dict[str, Any] = {"others": self.others.to_list(), "first": self.first[self.first_sent :]}
        self.others, self.first_sent = Totals(), len(self.first)
        until = time.perf_counter() if self.counting else self.ended
        if self.users and until > self.reported:
            load = self.monitor.take() if self.counting else self.last_load
            tally, seconds = self.tally.to_dict(), until - self.reported
            report["window"] = {"run": self.run, "seconds": seconds, "tally": tally, "load": list(load)}
            self.tally, self.reported = Tally(), until
        data["explain"] = report

    def on_worker_report(self, client_id: str, data: dict[str, Any], **_others: Any) -> None:
        """Merge a worker process's report, in the master."""
        report = data.get("explain")
        if not report or self.ramped is None:
            return
        self.others.merge(Totals.from_list(report["others"]))
        self.first += [First(*one) for one in report["first"]]
        if not (part := report.get("window")):
            return
        tally = Tally.from_dict(part["tally"])
        if part["run"] != self.run or not self.users or self.environment.runner.state == STATE_SPAWNING:
            self.others.add_tally(tally)
            return
        self.tally.merge(tally)
        self.seconds[client_id] = self.seconds.get(client_id, 0.0) + part["seconds"]
        self.loads[client_id] = self.loads.get(client_id, Load()).plus(Load.from_list(part["load"]))

    # --- results ------------------------------------------------------------------------------------

    def window(self) -> float:
        """Return how many seconds the tally covers, with worker processes the mean of what their reports cover."""
        if isinstance(self.environment.runner, MasterRunner):
            return sum(self.seconds.values()) / len(self.seconds) if self.seconds else 0.0
        return self.elapsed()

    def generators(self) -> list[Load]:
        """Return the load of each process that makes requests."""
        if isinstance(self.environment.runner, MasterRunner):
            return list(self.loads.values())
        return [self.monitor.peek() if self.counting else self.last_load]

    def analysis(self) -> Analysis:
        """Return the analysis as it is now."""
        return analyse(
            self.counted(),
            self.users,
            self.window(),
            self.generators(),
            getattr(self.environment.parsed_options, "app_memory", None),
            paced_rps(self.environment.user_classes, self.users),
            max(0.0, self.begun - self.test_began),
            self.crew.turnout(self.others.requests),
        )

    def timeline(self) -> Timeline:
        """Return the run over time, for the plots."""
        self.count()
        return timeline(self.tally, min(self.seconds.values()) if self.seconds else self.elapsed())
