"""One run as it is counted: its window, in any of Locust's kinds of process.

The window that counts starts when all users are there, and anew with Locust's reset, with another number of users
and with the next test; it ends with the test. With worker processes the master says when a window starts, and the
workers' tallies reach it with Locust's own reports, the last one before `quitting`.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import gevent
from locust.runners import STATE_SPAWNING, MasterRunner

from explain_analysis import analyse, timeline
from explain_generator import Load
from explain_laws import slots_of
from explain_monitor import Monitor
from explain_pauses import note_waits, paced_rps
from explain_server_timing import Timing, headers_of, parse_all
from explain_tally import Record, Tally
from explain_types import Analysis, Timeline

BEGIN = "explain_begin"  # the master's message to its workers
TICK = 0.05  # s between two looks at the generator's lag
# Requests are counted in batches, in 0.5 ms each: between two requests it would take twice the CPU, as the
# processor's caches hold Locust's code and not this one's.
BATCH = 100
# So many of a test's first requests are remembered: enough for a median, where there are more slots than that.
FIRST_MOST = 32


class Explanation:
    """One window of a run, in any of Locust's kinds of process.

    Attributes:
        tally: the requests so far; in a worker process those since its last report.
        pending: what is to be counted yet: the arguments of a Record, with the header's text.
        started: whether there has been a test.
        run: a number for each window, so that a report that is too late counts nowhere.
        first: the waits of the test's first requests, in ms, also during the ramp: they tell the wire from the queue.
        users: number of users, 0 while not all are there.
        seconds, loads: what each process has counted, by its id.
    """

    def __init__(self, environment: Any) -> None:
        self.environment = environment
        self.monitor = Monitor()
        self.run = 0
        self.started = False
        self.first: list[float] = []
        self.clear()

    def clear(self) -> None:
        """Forget everything; nothing is counted until `begin`."""
        self.counting = False
        self.users = 0
        self.begun = self.ended = self.reported = time.perf_counter()
        self.tally = Tally()
        self.pending: list[tuple[float, float, list[str], str | None, float | None]] = []
        self.seconds: dict[str, float] = {}
        self.loads: dict[str, Load] = {}
        self.last_load = Load()

    # --- the window -----------------------------------------------------------------------------

    def start_test(self) -> None:
        """Forget the last test."""
        self.started = True
        self.first = []
        self.clear()
        for user_class in self.environment.user_classes:
            note_waits(user_class, self.monitor)

    def begin(self, users: int, run: int | None = None) -> None:
        """Start a window."""
        self.clear()
        self.run = self.run + 1 if run is None else run
        self.users = users
        self.counting = True
        self.monitor.start()
        if isinstance(self.environment.runner, MasterRunner):
            self.environment.runner.send_message(BEGIN, {"run": self.run, "users": users})

    def reset(self) -> None:
        """Start the window anew; after a test, forget it."""
        if self.counting:
            self.begin(self.users)
        else:
            self.clear()

    def end(self) -> None:
        """End the window; what its users still get does not count."""
        if self.counting:
            self.counting = False
            self.ended = time.perf_counter()
            self.last_load = self.monitor.peek()

    def elapsed(self) -> float:
        """Return how long the window is so far, in s."""
        return (time.perf_counter() if self.counting else self.ended) - self.begun

    # --- counting -------------------------------------------------------------------------------

    def on_request(
        self,
        response_time: float | None = None,
        exception: BaseException | None = None,
        response: Any = None,
        **_others: Any,
    ) -> None:
        """Count one request."""
        now = time.perf_counter()
        think_ms = None
        greenlet = gevent.getcurrent()
        try:  # a user is a greenlet; another kind of caller has no pauses
            before, greenlet.explain_last = getattr(greenlet, "explain_last", None), now
            if before is not None:
                think_ms = max(0.0, (now - before) * 1e3 - (response_time or 0.0))
        except AttributeError:
            pass
        if response_time is None:
            return
        if not self.counting:
            if len(self.first) < FIRST_MOST and exception is None:
                self.note_first(response_time, parse_all(headers_of(response)))
            return
        error = None if exception is None else describe(exception, response)
        self.pending.append((now - self.begun, response_time, headers_of(response), error, think_ms))
        if len(self.pending) >= BATCH:
            self.count()

    def count(self) -> None:
        """Count the requests that are still to be counted."""
        pending, self.pending = self.pending, []
        for at, response_ms, headers, error, think_ms in pending:
            timing = parse_all(headers) if headers else None
            self.tally.add(Record(at, response_ms, timing, error, think_ms))
            if len(self.first) < FIRST_MOST and error is None:
                self.note_first(response_ms, timing)

    def note_first(self, response_ms: float, timing: Timing | None) -> None:
        """Note the wait of one of the test's first requests."""
        if timing:
            self.first.append(response_ms - timing.app_ms)

    def counted(self) -> Tally:
        """Return the tally with all that belongs to it; a master's has the first waits from its worker processes."""
        self.count()
        if self.first and (setting := self.tally.setting):
            # If all users start at once, as many requests as there are slots find one free; other processes make some.
            number = max(1, (slots_of(setting.workers, setting.threads, setting.worker_class) or 1) // 2)
            self.tally.first_wait_ms = median(self.first[:number])
        return self.tally

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
        self.begin(msg.data["users"], msg.data["run"])

    def on_report_to_master(self, data: dict[str, Any], **_others: Any) -> None:
        """Add what was counted since the last report, in a worker process."""
        if not self.run or not self.users:
            return
        until = time.perf_counter() if self.counting else self.ended
        if until > self.reported:
            load = self.monitor.take() if self.counting else self.last_load
            data["explain"] = {
                "run": self.run,
                "seconds": until - self.reported,
                "tally": self.counted().to_dict(),
                "load": list(load),
            }
            self.tally, self.reported = Tally(), until

    def on_worker_report(self, client_id: str, data: dict[str, Any], **_others: Any) -> None:
        """Merge a worker process's report, in the master."""
        part = data.get("explain")
        ramp = self.environment.runner.state == STATE_SPAWNING
        if part and part["run"] == self.run and self.users and not ramp:
            self.tally.merge(Tally.from_dict(part["tally"]))
            self.seconds[client_id] = self.seconds.get(client_id, 0.0) + part["seconds"]
            self.loads[client_id] = self.loads.get(client_id, Load()).plus(Load(*part["load"]))

    # --- results ------------------------------------------------------------------------------------

    def window(self) -> float:
        """Return how many seconds the tally covers.

        Reports of worker processes come at different moments, so each process has its own length; their mean fits the
        sum of their requests.
        """
        if isinstance(self.environment.runner, MasterRunner):
            return sum(self.seconds.values()) / len(self.seconds) if self.seconds else 0.0
        return self.elapsed()

    def analysis(self) -> Analysis:
        """Return the analysis as it is now."""
        tally = self.counted()
        if isinstance(self.environment.runner, MasterRunner):
            loads = list(self.loads.values())
        else:
            loads = [self.monitor.peek() if self.counting else self.last_load]
        options = self.environment.parsed_options
        return analyse(
            tally,
            self.users,
            self.window(),
            loads,
            getattr(options, "app_memory", None),
            paced_rps(self.environment.user_classes, self.users),
        )

    def timeline(self) -> Timeline:
        """Return the run over time, for the plots."""
        self.count()
        return timeline(self.tally, min(self.seconds.values()) if self.seconds else self.elapsed())


def describe(exception: BaseException, response: Any) -> str:
    """Say in a few words what failed."""
    try:
        status = int(response.status_code)
    except Exception:  # no response
        status = 0
    return f"HTTP {status}" if status >= 400 else type(exception).__name__
