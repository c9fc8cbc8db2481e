"""One measurement: a fresh gunicorn, a fresh Locust, and what the figures of both are worth."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from explain_laws import Setting
from explain_types import Analysis
from sweep.measure.evidence import MeasurementError, NotStartedError, TooShortError, exceptions, failures
from sweep.measure.generator import Arrivals, Generator
from sweep.measure.observer import Observer
from sweep.measure.processes import Processes
from sweep.measure.server import Server
from sweep.measure.target import Target
from sweep.records import Outside

# Of an app that fails more of its requests than this, times and throughput say nothing.
FAILING_MOST = 0.5
# Verdicts by which the figures are of something else than this setting, or of a part of its users.
VOID = ("generator", "mixed-up", "stuck", "unknown")


@dataclass(frozen=True)
class Outcome:
    """How a measurement went; the first three attributes are those of `records.Run`.

    Attributes:
        saturated: Locust itself was the limit.
        too_short: no request ended, and nothing else is wrong.
        failures: which requests failed, and of what, a line each.
        not_started: the app did not start.
    """

    error: str | None
    analysis: Analysis | None
    outside: Outside | None
    saturated: bool = False
    too_short: bool = False
    failures: str = ""
    not_started: bool = False

    @property
    def void(self) -> str | None:
        """Why the figures say nothing of this setting; None if they do."""
        if self.error or not self.analysis:
            return None
        verdict = self.analysis.verdict
        return f"void: {verdict.text}" if self.saturated or verdict.code in VOID else None

    @property
    def disturbed(self) -> bool:
        """Whether other programs took so much of gunicorn's cores that the figures are not the app's alone."""
        return self.outside is not None and self.outside.disturbed


class Measurement:
    """One run of one setting."""

    def __init__(
        self,
        target: Target,
        setting: Setting,
        users: int,
        seconds: float,
        scratch: Path,
        arrivals: Arrivals | None = None,
    ) -> None:
        """Prepare; starts nothing.

        Args:
            target: what is measured.
            setting: workers and threads.
            users: how many.
            seconds: the window's length, after ramp and warm-up.
            scratch: a folder for logs; its contents are replaced.
            arrivals: what begins whether or not the app answers; None for users who wait for their answers.
        """
        self.target, self.setting, self.users, self.seconds = target, setting, users, seconds
        self.scratch, self.arrivals = scratch, arrivals

    def run(self, processes: Processes, generators: int = 1) -> Outcome:
        """Measure.

        Args:
            processes: starts and ends what is needed.
            generators: number of Locust processes.
        """
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        error, analysis, failure = None, None, None
        server = Server(processes, self.target, self.setting, self.scratch / "gunicorn.log")
        with contextlib.ExitStack() as ending:
            ending.callback(processes.end, server.process, 2)
            try:
                server.wait_ready()
                generator = Generator(
                    processes,
                    self.target,
                    server.port,
                    self.users,
                    self.seconds,
                    self.scratch,
                    generators,
                    self.arrivals,
                )
                ending.callback(processes.end, generator.process, 0)
                generator.watch(server)
                analysis = generator.analysis()
                self.judge(analysis, server)
            except MeasurementError as raised:
                error, failure = str(raised), raised
        saturated = analysis is not None and analysis.generator.saturated
        failed = failures(self.scratch).strip() if analysis and analysis.load.failures else ""
        return Outcome(
            error,
            analysis,
            self.outside(server.observer, analysis),
            saturated=saturated,
            too_short=isinstance(failure, TooShortError),
            failures=failed,
            not_started=isinstance(failure, NotStartedError),
        )

    def judge(self, analysis: Analysis, server: Server) -> None:
        """Refuse a run whose figures are not those of this setting at work.

        Raises:
            MeasurementError: with the reason.
        """
        load, ran_as, observer = analysis.load, analysis.setting, server.observer
        if not load.requests:
            if raised := exceptions(self.scratch):
                raise MeasurementError("no request ended, as the scenario raised:" + raised)
            reason = f"no request ended within the window of {self.seconds:g} s: --seconds makes it longer"
            raise TooShortError(reason, server.log)
        died = f"{observer.died} of {len(observer.seen)} workers died" if observer.died else ""
        if load.failures > FAILING_MOST * load.requests:
            failed = f"{load.failures} of {load.requests} requests failed"
            reason = "; ".join(filter(None, [failed, died]))
            raise MeasurementError(reason + failures(self.scratch), server.log)
        if died and "max_requests" not in self.target.gunicorn:
            raise MeasurementError(died, server.log)
        if ran_as.workers is not None and (ran_as.workers, ran_as.threads) != self.setting:
            reason = f"the app ran as {ran_as.workers} × {ran_as.threads}, not as {self.setting}"
            raise MeasurementError(reason, server.log)

    def outside(self, observer: Observer, analysis: Analysis | None) -> Outside | None:
        """Return what the observer saw."""
        if not observer.cpu:
            return None
        usage = observer.usage(analysis.load.seconds) if analysis else None
        alone = not set(self.target.app_cores) & set(self.target.generator_cores)
        return Outside(
            memory_peak_mb=round(observer.peak_mb, 1),
            cpu_seconds=round(observer.cpu_seconds, 2),
            cpu_utilization=round(usage.tree / self.target.vcpu, 4) if usage else None,
            # On shared cores Locust is among the others.
            others_utilization=round(usage.others / self.target.vcpu, 4) if usage and alone else None,
            workers_started=len(observer.seen),
            workers_died=observer.died,
            seconds=round(observer.cpu[-1].at - observer.cpu[0].at, 2),
        )
