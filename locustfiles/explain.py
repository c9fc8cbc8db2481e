"""A Locust plugin that explains a run: where requests wait, what the limit is, and what to set instead.

A scenario needs one line: `import explain`. Then the web UI has a tab "Why?" and a page /explain, and the console
and `--analysis-json FILE` get the analysis at the end. It reads the Server-Timing header that gunicorn.conf.py adds.

The window that counts starts when all users are there, and anew with Locust's reset, with another number of users
and with the next test; it ends with the test. With worker processes the master says when a window starts, and the
workers' tallies reach it with Locust's own reports, the last one before `quitting`.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import sys
import time
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import gevent
from locust import User, events
from locust.runners import STATE_SPAWNING, MasterRunner, WorkerRunner

import explain_text
import explain_thresholds
import explain_web
from explain_analysis import analyse, timeline
from explain_generator import Load
from explain_laws import slots_of
from explain_monitor import Monitor
from explain_server_timing import Timing, headers_of, parse_all
from explain_tally import Record, Tally
from explain_types import Analysis, Timeline

logger = logging.getLogger("locust.explain")

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

    # --- counting -------------------------------------------------------------------------------

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


def paced_rps(user_classes: list[type[User]], users: int) -> float | None:
    """Return the rate that the users are to keep, in 1/s; None unless all have Locust's pacing of the same length.

    Locust keeps the length in a closure only.
    """
    paces: set[Any] = set()
    for user_class in user_classes:
        wait = unwrapped(vars(user_class).get("wait_time"))
        if not getattr(wait, "__qualname__", "").startswith("constant_pacing."):
            return None
        paces.update(cell.cell_contents for cell in wait.__closure__ or ())
    pace = paces.pop() if len(paces) == 1 else None
    return users / pace if isinstance(pace, (int, float)) and pace > 0 else None


def unwrapped(wait: Any) -> Any:
    """Return the scenario's own wait_time."""
    return getattr(wait, "explain_original", wait)


def note_waits(user_class: type[User], monitor: Monitor) -> None:
    """Have a user class's wait_time tell the monitor which pauses it asks for."""
    wait: Any = user_class.wait_time
    if hasattr(wait, "explain_original"):
        return

    def noted(user: User) -> float:
        seconds: float = wait(user)
        monitor.wanted(seconds)
        return seconds

    noted.explain_original = wait  # type: ignore[attr-defined] # a function takes attributes
    user_class.wait_time = noted


# --- options -----------------------------------------------------------------------------------------


def memory_mb(text: str) -> float | None:
    """Parse a size as Docker writes it (`512m`, `1.75g`, bytes without a unit) into MB (1024² bytes); 0 is no limit."""
    match = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)([bkmg]?)b?", text.strip().lower())
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a size such as 512m or 1.75g")
    return float(match[1]) * {"": 2**-20, "b": 2**-20, "k": 2**-10, "m": 1, "g": 2**10}[match[2]] or None


def add_options(parser: Any, **_others: Any) -> None:
    """Add the options to Locust's command line."""
    group = parser.add_argument_group("Explanation", "Where requests wait, and whether the run is good enough")
    group.add_argument(
        "--analysis-json",
        metavar="FILE",
        env_var="LOCUST_ANALYSIS_JSON",
        help="Write the analysis of the run to this file at the end",
    )
    group.add_argument(
        "--app-memory",
        type=memory_mb,
        metavar="SIZE",
        env_var="APP_MEMORY",
        help="Memory that the plan has for the app, for instance 512m; no setting beyond it is suggested",
    )
    explain_thresholds.add_options(group)


def check_file(name: str) -> str | None:
    """Return one line on why a file cannot be written, None if it can."""
    path = Path(name)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        return f"--analysis-json {name}: expected a file that can be written, in a folder that is there"
    return None


# --- Locust's events ------------------------------------------------------------------------------


def on_init(environment: Any, **_others: Any) -> None:
    """Set up the process that this is."""
    runner = environment.runner
    target = getattr(environment.parsed_options, "analysis_json", None)
    if target and not isinstance(runner, WorkerRunner) and (problem := check_file(target)):
        sys.exit(problem)
    explanation = Explanation(environment)
    hooks: Any = environment.events
    hooks.request.add_listener(explanation.on_request)
    hooks.test_stopping.add_listener(lambda **_: explanation.end())
    if not isinstance(runner, MasterRunner):
        gevent.spawn(explanation.watch)
    if isinstance(runner, WorkerRunner):
        runner.register_message(BEGIN, explanation.on_begin_message)
        hooks.report_to_master.add_listener(explanation.on_report_to_master)
    else:
        hooks.spawning_complete.add_listener(lambda user_count, **_: explanation.begin(user_count))
        hooks.reset_stats.add_listener(lambda **_: explanation.reset())
        hooks.worker_report.add_listener(explanation.on_worker_report)
    hooks.test_start.add_listener(lambda **_: start_test(explanation))
    environment.explanation = explanation
    if environment.web_ui:
        explain_web.install(environment, explanation)


def start_test(explanation: Explanation) -> None:
    """Forget the last test."""
    explanation.started = True
    explanation.first = []
    explanation.clear()
    for user_class in explanation.environment.user_classes:
        note_waits(user_class, explanation.monitor)


def on_quitting(environment: Any, **_others: Any) -> None:
    """Write the analysis and check the thresholds, when the last reports of the worker processes are in."""
    explanation: Explanation | None = getattr(environment, "explanation", None)
    if explanation is None or not explanation.started or isinstance(environment.runner, WorkerRunner):
        return
    explanation.end()
    found, options = explanation.analysis(), environment.parsed_options
    if target := getattr(options, "analysis_json", None):
        try:
            Path(target).write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            logger.error(f"--analysis-json {target}: {error.strerror}: expected a file that can be written")
            environment.process_exit_code = 1
    lines = explain_thresholds.missed(options, explanation.tally, explanation.window())
    for line in lines:
        logger.error(line)
    if lines:
        environment.process_exit_code = explain_thresholds.EXIT_CODE
    # After Locust's own tables, where the eye is.
    environment.events.quit.add_listener(
        lambda **_: logging.getLogger("locust.stats_logger").info(explain_text.text(found))
    )


# Locust runs a directory's files as scenarios, this one too, after a scenario may have imported it already.
hooks: Any = events  # Locust leaves them untyped
if not hasattr(hooks, "explained"):
    hooks.explained = True
    hooks.init_command_line_parser.add_listener(add_options)
    hooks.init.add_listener(on_init)
    # Here and not in on_init: listeners run last to first, and the master's own, which collects the last reports,
    # is added between the two.
    hooks.quitting.add_listener(on_quitting)
