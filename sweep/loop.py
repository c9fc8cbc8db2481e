"""The sweep itself: probe, measure what the search asks for, write each run at once."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from explain_laws import Setting
from sweep.decide.findings import Findings
from sweep.decide.search import Search, next_step
from sweep.decide.slowdown import CHECK_TIMES, can_check
from sweep.duration import SECONDS_MOST, forecast, seconds_of
from sweep.errors import SweepError
from sweep.folder import Results
from sweep.measure.generator import Arrivals
from sweep.measure.measurement import Measurement, Outcome
from sweep.measure.processes import Processes
from sweep.measure.target import Target
from sweep.records import AROUND, Check, Run, Skipped

UNLOADED = Setting(1, 1)
USERS_MOST = 10_000


class CannotStartError(SweepError):
    """Not even one worker with one thread starts, so no other setting will."""


class Progress(Protocol):
    """Shows what a sweep does."""

    def begin(self, what: str, left: int, seconds: float) -> None:
        """Show what is being measured, how many runs are left after it, and how long this one takes."""

    def end(self, run: Run | None, findings: Findings) -> None:
        """Show what came of it; None for the probe."""

    def checked(self, check: Check, findings: Findings) -> None:
        """Show what came of the check."""

    def say(self, text: str) -> None:
        """Show a line."""


class Sweep:
    """A sweep that runs, or goes on.

    Attributes:
        results: its folder.
        target: what is measured.
        progress: shows it.
    """

    def __init__(self, results: Results, target: Target, progress: Progress) -> None:
        """Prepare; starts nothing."""
        self.results, self.target, self.progress = results, target, progress
        self.options = results.info.options
        self.scratch: Path = results.folder / "running"

    @property
    def findings(self) -> Findings:
        """What the runs say so far."""
        return Findings.of(self.results)

    def run(self) -> None:
        """Measure until nothing is left that could change the recommendation.

        Raises:
            CannotStartError: the app does not start; with its reason.
        """
        self.results.info.finished = False
        self.results.save_info()  # a kill must not leave it finished
        with self.running():
            if not self.results.info.unloaded and not self.results.info.unloaded_error:
                self.probe()
            while step := next_step(self.findings):
                self.step(step.setting, step.repeat, step.left)
            self.check()
        self.results.info.finished = True
        self.results.info.stopped = None

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Be ready to start processes, and leave none and no logs behind."""
        try:
            with Processes() as self.processes:
                yield
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def step(self, setting: Setting, repeat: int, left: int) -> None:
        """Measure a setting and write down what came of it."""
        self.progress.begin(f"{setting}, run {repeat + 1}", left, self.seconds())
        run = self.measure(setting, repeat)
        self.results.append(run)
        self.progress.end(run, self.findings)

    def probe(self) -> None:
        """Measure one user with one slot: the time that a request takes when nobody disturbs it."""
        seconds = self.seconds()
        self.progress.begin("one user, one slot", 0, seconds)
        outcome = self.settled(UNLOADED, 1, seconds)
        if outcome.too_short and seconds < SECONDS_MOST:
            seconds = SECONDS_MOST
            outcome = self.settled(UNLOADED, 1, seconds)
        info = self.results.info
        info.unloaded_error = outcome.error
        info.unloaded = None if outcome.error else outcome.analysis
        info.unloaded_memory_mb = outcome.outside.memory_peak_mb if outcome.outside else None
        self.results.save_info()
        if outcome.not_started:
            raise CannotStartError(outcome.error)
        self.progress.end(None, self.findings)
        around = max(AROUND, outcome.outside.seconds - seconds) if outcome.outside else AROUND
        if (told := forecast(self.options, info.unloaded, around)) != forecast(self.options):
            self.progress.say(f"  {told}")

    def seconds(self) -> float:
        """Return the length of a window."""
        return seconds_of(self.options, self.results.info.unloaded)

    def check(self) -> None:
        """Measure the recommended setting with twice the users, if they take its slots as a slower upstream would."""
        findings, info = self.findings, self.results.info
        setting, users = findings.recommendation.setting, CHECK_TIMES * self.options.users
        if (
            setting is None
            or self.options.is_grid
            or users > USERS_MOST
            or (info.check and info.check.setting == setting)
        ):
            return
        if not can_check(findings.prediction):
            return
        rps = self.options.rps and CHECK_TIMES * self.options.rps
        self.progress.begin(f"{setting}, {f'{rps:g} arrivals/s' if rps else f'{users} users'}", 0, self.seconds())
        outcome = self.settled(setting, users, self.seconds(), self.arrivals(rps))
        info.check = Check(*setting, users, outcome.analysis, outcome.error or outcome.void, rps)
        self.results.save_info()
        self.progress.checked(info.check, findings)

    def measure(self, setting: Setting, repeat: int) -> Run:
        """Measure a setting for the results."""
        outcome = self.settled(setting, self.options.users, self.seconds(), self.arrivals(self.options.rps))
        error = outcome.error or outcome.void
        return Run(
            workers=setting.workers,
            threads=setting.threads,
            repeat=repeat,
            status="failed" if error else "ok",
            error=error,
            analysis=outcome.analysis,
            outside=outcome.outside,
            void=outcome.void is not None,
            failures=outcome.failures,
        )

    def arrivals(self, rps: float | None) -> Arrivals | None:
        """Return arrivals at a rate, at the same moments for all settings; None for users who wait."""
        return Arrivals(rps, self.options.seed) if rps else None

    def settled(self, setting: Setting, users: int, seconds: float, arrivals: Arrivals | None = None) -> Outcome:
        """Measure; once more if Locust was the limit, with all of its cores, and once more if others disturbed it.

        Args:
            setting: workers and threads.
            users: how many, if they wait for their answers.
            seconds: the window's length.
            arrivals: what begins in place of them, whether or not the app answers.
        """
        generators, tried = 1, set()
        while True:
            measurement = Measurement(self.target, setting, 1 if arrivals else users, seconds, self.scratch, arrivals)
            outcome = measurement.run(self.processes, generators)
            trouble = "saturated" if outcome.saturated else "disturbed" if outcome.disturbed else None
            if outcome.error or trouble is None or trouble in tried:
                return outcome
            tried.add(trouble)
            if trouble == "saturated":
                generators = max(1, len(self.target.generator_cores))

    def note_skipped(self) -> None:
        """Write down what was not measured, and why."""
        findings, info = self.findings, self.results.info
        info.skipped = []
        if findings.prediction and not self.options.is_grid:
            skipped = Search(findings, findings.prediction).skipped()
            info.skipped = [Skipped(setting.workers, setting.threads, reason) for setting, reason in skipped]
        self.results.save_info()
