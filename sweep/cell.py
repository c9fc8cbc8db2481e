"""One measurement: a fresh gunicorn on the plan's cores, a fresh Locust on the others, and an observer."""

from __future__ import annotations

import contextlib
import csv
import http.client
import json
import math
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from sweep import ROOT
from sweep.observer import Observer
from sweep.processes import Processes, clean_environ, free_port
from sweep.results import Setting

# The platform's own warm-up request: any status will do.
READY_PATH = "/robots933456.txt"
READY_SECONDS = 10.0
SAMPLE_SECONDS = 0.2
# All workers have loaded the app when the tree has used less than a tenth of a core for this long; an app with a
# busy thread of its own never gets there, and is measured all the same.
SETTLED_SECONDS, SETTLED_SHARE, SETTLE_MOST = 0.4, 0.1, 10.0
RAMP_SECONDS = 1.0
# Left out of the window: each worker's first requests load and connect what the later ones only use.
WARM_UP = 1.0
# Locust's own start, warm-up and end, on a slow machine.
LOCUST_MOST = 60.0
LOG_LINES, LINE_LENGTH = 12, 400
# Of the plan's CPU. The kernel's own work for the app's connections is some 2 % at 350 requests/s.
DISTURBED = 0.10


class CellError(Exception):
    """A run that failed, and why: one line, and below it what the log says."""


class TooShortError(CellError):
    """A run in whose window no request ended."""


@dataclass(frozen=True)
class Target:
    """What is measured, the same for all settings.

    Attributes:
        python: the interpreter that has gunicorn and the app's requirements.
        app: MODULE:NAME; None lets the configuration find one.
        chdir: the app's folder.
        scenario: the locustfile.
        gunicorn: settings held fixed, by name.
        vcpu: the plan's.
        memory_mb: what the plan leaves the app; a run that takes more is ended, as the kernel would.
        app_cores, generator_cores: where gunicorn and Locust run; () is everywhere.
        start_seconds: how long the app may take to start.
    """

    python: str
    app: str | None
    chdir: Path
    scenario: Path
    gunicorn: Mapping[str, str]
    vcpu: int
    memory_mb: float
    app_cores: tuple[int, ...]
    generator_cores: tuple[int, ...]
    start_seconds: float


@dataclass(frozen=True)
class Outcome:
    """How a measurement went; the first three attributes are those of `results.Run`.

    Attributes:
        saturated: Locust itself was the limit.
        too_short: no request ended, and nothing else is wrong.
    """

    error: str | None
    analysis: dict[str, Any] | None
    outside: dict[str, Any] | None
    saturated: bool = False
    too_short: bool = False

    @property
    def disturbed(self) -> bool:
        """Whether other programs took so much of gunicorn's cores that the figures are not the app's alone."""
        return bool(self.outside and (self.outside["others_utilization"] or 0.0) > DISTURBED)


class Measurement:
    """One run of one setting."""

    def __init__(self, target: Target, setting: Setting, users: int, seconds: float, scratch: Path) -> None:
        """Prepare; starts nothing.

        Args:
            target: what is measured.
            setting: workers and threads.
            users: how many.
            seconds: the window's length, after ramp and warm-up.
            scratch: a folder for logs; its contents are replaced.
        """
        self.target, self.setting, self.users, self.seconds = target, setting, users, seconds
        self.scratch = scratch
        self.log, self.locust_log, self.json = (
            scratch / "gunicorn.log",
            scratch / "locust.log",
            scratch / "analysis.json",
        )
        self.observer: Observer | None = None

    def run(self, processes: Processes, generators: int = 1) -> Outcome:
        """Measure.

        Args:
            processes: starts and ends what is needed.
            generators: number of Locust processes.
        """
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        error, analysis, too_short = None, None, False
        with contextlib.ExitStack() as ending:
            try:
                server = self.start_gunicorn(processes)
                ending.callback(processes.end, server, 2)
                self.wait_ready(server)
                locust = self.start_locust(processes, generators)
                ending.callback(processes.end, locust, 0)
                self.watch(server, locust)
                analysis = self.read(locust)
                self.judge(analysis)
            except CellError as failure:
                error, too_short = str(failure), isinstance(failure, TooShortError)
        saturated = bool(analysis and analysis["generator"]["saturated"])
        return Outcome(error, analysis, self.outside(analysis), saturated, too_short)

    # --- gunicorn -----------------------------------------------------------------------------------

    def start_gunicorn(self, processes: Processes) -> subprocess.Popen[bytes]:
        """Start the app under this repository's configuration."""
        target, held = self.target, dict(self.target.gunicorn)
        self.port = free_port()
        if "bind" in held:
            self.port = int(held.pop("bind").rpartition(":")[2])
        variables = {f"GUNICORN_{name.upper()}": value for name, value in held.items()} | {
            "GUNICORN_BIND": self.target.gunicorn.get("bind", f"127.0.0.1:{self.port}"),
            "GUNICORN_WORKERS": str(self.setting.workers),
            "GUNICORN_THREADS": str(self.setting.threads),
            "SERVER_TIMING": "true",
        }
        variables.setdefault("GUNICORN_ACCESSLOG", "None")  # a line per request costs CPU
        command = [target.python, "-m", "gunicorn", "--config", str(ROOT / "gunicorn.conf.py")]
        command += [target.app] if target.app else []
        server = processes.start(command, target.app_cores, self.log, clean_environ(variables), target.chdir)
        self.observer = Observer(server.pid, target.app_cores)
        return server

    def wait_ready(self, server: subprocess.Popen[bytes]) -> None:
        """Wait until the app answers with any status, and all workers have loaded it."""
        observer = self.observing()
        end = time.monotonic() + self.target.start_seconds
        while not (observer.listens(self.port) and self.answers(end - time.monotonic())):
            self.step(server)
            if time.monotonic() > end:
                self.fail(f"the app did not answer within {self.target.start_seconds:g} s", self.log)
        end = time.monotonic() + SETTLE_MOST
        while not observer.idle(SETTLED_SECONDS, SETTLED_SHARE) and time.monotonic() < end:
            self.step(server)

    def answers(self, seconds: float) -> bool:
        """Whether the app answers within so many seconds, with any status.

        No proxy is asked, and no redirect followed.
        """
        timeout = max(SAMPLE_SECONDS, min(READY_SECONDS, seconds))
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", READY_PATH)
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return True

    def step(self, server: subprocess.Popen[bytes]) -> None:
        """Look at the server for a moment.

        Raises:
            CellError: it has ended, or has more memory than the plan.
        """
        observer = self.observing()
        observer.sample()
        if observer.memory_mb > self.target.memory_mb:
            self.fail(
                f"ended for memory: the app took {observer.memory_mb:.0f} MB, "
                f"and the plan leaves it {self.target.memory_mb:.0f} MB",
                self.log,
            )
        if server.poll() is not None:
            self.fail(f"gunicorn ended with status {server.returncode}", self.log)
        time.sleep(SAMPLE_SECONDS)

    def observing(self) -> Observer:
        """Return the observer, which is there once gunicorn was started."""
        if self.observer is None:
            raise AssertionError("start_gunicorn comes first")
        return self.observer

    # --- Locust -------------------------------------------------------------------------------------

    def start_locust(self, processes: Processes, generators: int) -> subprocess.Popen[bytes]:
        """Start the scenario."""
        # Locust's run time counts from the start of the ramp, and has no fractions.
        length = math.ceil(RAMP_SECONDS + WARM_UP + self.seconds)
        rate = max(1.0, self.users / RAMP_SECONDS)
        command = [sys.executable, "-P", "-m", "sweep.locust_main", str(WARM_UP)]
        command += ["--locustfile", str(self.target.scenario)]
        command += ["--host", f"http://127.0.0.1:{self.port}", "--headless", "--only-summary"]
        command += ["--users", str(self.users), "--spawn-rate", f"{rate:g}", "--run-time", f"{length}s"]
        command += ["--reset-stats", "--exit-code-on-error", "0", "--analysis-json", str(self.json)]
        command += ["--csv", str(self.scratch / "locust"), "--app-memory", f"{self.target.memory_mb:g}m"]
        command += ["--processes", str(generators)] if generators > 1 else []
        paths = [str(ROOT), str(ROOT / "locustfiles"), os.environ.get("PYTHONPATH", "")]
        environ = clean_environ({"PYTHONPATH": os.pathsep.join(filter(None, paths))})
        return processes.start(command, self.target.generator_cores, self.locust_log, environ)

    def watch(self, server: subprocess.Popen[bytes], locust: subprocess.Popen[bytes]) -> None:
        """Look at the server until Locust has ended."""
        end = time.monotonic() + RAMP_SECONDS + self.seconds + LOCUST_MOST
        while locust.poll() is None:
            self.step(server)
            if time.monotonic() > end:
                self.fail(f"Locust did not end {LOCUST_MOST:g} s after it should have", self.locust_log)

    def read(self, locust: subprocess.Popen[bytes]) -> dict[str, Any]:
        """Return the analysis that Locust wrote."""
        try:
            found: dict[str, Any] = json.loads(self.json.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.fail(f"Locust ended with status {locust.returncode} and wrote no analysis", self.locust_log)
        return found

    # --- what came of it ----------------------------------------------------------------------------

    def judge(self, analysis: Mapping[str, Any]) -> None:
        """Refuse a run whose figures are not those of this setting at work.

        Raises:
            CellError: with the reason.
        """
        load, found = analysis["load"], analysis["setting"]
        if not load["requests"]:
            raised = self.table("locust_exceptions.csv", raised_at)
            if raised:
                raise CellError("no request ended, as the scenario raised:" + raised)
            reason = f"no request ended within the window of {self.seconds:g} s: --seconds makes it longer"
            self.fail(reason, self.log, TooShortError)
        observer = self.observing()
        died = f"{observer.died} of {len(observer.seen)} workers died" if observer.died else ""
        if load["failures"]:
            failed = f"{load['failures']} of {load['requests']} requests failed"
            which = self.table("locust_failures.csv", "{Occurrences} × {Name}: {Error}".format_map)
            self.fail("; ".join(filter(None, [failed, died])) + which, self.log)
        if died and "max_requests" not in self.target.gunicorn:
            self.fail(died, self.log)
        if found["workers"] is not None and (found["workers"], found["threads"]) != self.setting:
            self.fail(f"the app ran as {found['workers']} × {found['threads']}, not as {self.setting}", self.log)

    def table(self, name: str, line: Callable[[dict[str, str]], str]) -> str:
        """Return the rows of a table that Locust wrote, each made a line; "" without one."""
        try:
            with (self.scratch / name).open(newline="", encoding="utf-8", errors="replace") as file:
                rows = [line(row) for row in csv.DictReader(file)]
        except (OSError, KeyError, csv.Error):  # csv refuses a field of 128 kB, as where a whole page is the error
            return ""
        return "".join(f"\n{' '.join(row.split())[:LINE_LENGTH]}" for row in rows[:LOG_LINES])

    def fail(self, reason: str, log: Path, kind: type[CellError] = CellError) -> NoReturn:
        """Fail with a reason and the last lines of a log."""
        raise kind("\n".join([reason, *tail(log)]))

    def outside(self, analysis: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Return what the observer saw."""
        observer = self.observer
        if observer is None or not observer.cpu:
            return None
        usage = observer.usage(analysis["load"]["seconds"]) if analysis else None
        alone = not set(self.target.app_cores) & set(self.target.generator_cores)
        return {
            "memory_peak_mb": round(observer.peak_mb, 1),
            "cpu_seconds": round(observer.cpu_seconds, 2),
            "cpu_utilization": round(usage.tree / self.target.vcpu, 4) if usage else None,
            # On shared cores Locust is among the others.
            "others_utilization": round(usage.others / self.target.vcpu, 4) if usage and alone else None,
            "workers_started": len(observer.seen),
            "workers_died": observer.died,
            "seconds": round(observer.cpu[-1].at - observer.cpu[0].at, 2),
        }


def raised_at(row: dict[str, str]) -> str:
    """Return an exception that Locust counted, and where it came from."""
    places = [line.strip() for line in row["Traceback"].splitlines() if line.lstrip().startswith("File ")]
    return f"{row['Count']} × {row['Message']} ({places[-1] if places else 'no traceback'})"


def tail(log: Path) -> list[str]:
    """Return a log's last lines, as they are worth reading: no colour, and of a traceback only what was raised."""
    try:
        text = log.read_bytes()[-65536:].decode(errors="replace")
    except OSError:
        return []
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in text.splitlines()]
    return [line[:LINE_LENGTH] for line in lines if line and not line.startswith(("  ", "Traceback "))][-LOG_LINES:]
