"""The sweep itself: probe, measure what the search asks for, write each run at once."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from explain_laws import Setting
from sweep.decide.findings import Findings
from sweep.decide.prediction import cycle_of
from sweep.decide.search import Search, next_step
from sweep.folder import Results
from sweep.measure.measurement import Measurement, Outcome
from sweep.measure.processes import Processes
from sweep.measure.target import Target
from sweep.records import Run, Skipped

UNLOADED = Setting(1, 1)
SECONDS_LEAST, SECONDS_MOST = 6.0, 60.0
CYCLES = 20  # of an undisturbed user, that a window should have


class Progress(Protocol):
    """Shows what a sweep does."""

    def begin(self, what: str, left: int, seconds: float) -> None:
        """Show what is being measured, how many runs are left after it, and how long this one takes."""

    def end(self, run: Run | None, findings: Findings) -> None:
        """Show what came of it; None for the probe."""


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
        """Measure until nothing is left that could change the recommendation."""
        self.results.info.finished = False
        self.results.save_info()  # a kill must not leave it finished
        with self.running():
            if not self.results.info.unloaded and not self.results.info.unloaded_error:
                self.probe()
            while step := next_step(self.findings):
                self.step(step.setting, step.repeat, step.left)
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
        seconds = self.options.seconds or SECONDS_LEAST
        self.progress.begin("one user, one slot", 0, seconds)
        outcome = self.settled(UNLOADED, 1, seconds)
        if outcome.too_short and seconds < SECONDS_MOST:
            outcome = self.settled(UNLOADED, 1, SECONDS_MOST)
        info = self.results.info
        info.unloaded_error = outcome.error
        info.unloaded = None if outcome.error else outcome.analysis
        info.unloaded_memory_mb = outcome.outside.memory_peak_mb if outcome.outside else None
        self.results.save_info()
        self.progress.end(None, self.findings)

    def seconds(self) -> float:
        """Return the length of a window: as asked, or some cycles of an undisturbed user."""
        if self.options.seconds:
            return self.options.seconds
        unloaded = self.results.info.unloaded
        cycle_s = cycle_of(unloaded) if unloaded else 0.0
        return float(round(min(SECONDS_MOST, max(SECONDS_LEAST, CYCLES * cycle_s))))

    def measure(self, setting: Setting, repeat: int) -> Run:
        """Measure a setting for the results."""
        outcome = self.settled(setting, self.options.users, self.seconds())
        error, void = outcome.error, outcome.saturated and not outcome.error
        if void and outcome.analysis:
            error = f"void: {outcome.analysis.verdict.text}"
        return Run(
            workers=setting.workers,
            threads=setting.threads,
            repeat=repeat,
            status="failed" if error else "ok",
            error=error,
            analysis=outcome.analysis,
            outside=outcome.outside,
            void=void,
        )

    def settled(self, setting: Setting, users: int, seconds: float) -> Outcome:
        """Measure; once more if Locust was the limit, with all of its cores, and once more if others disturbed it."""
        generators, tried = 1, set()
        while True:
            measurement = Measurement(self.target, setting, users, seconds, self.scratch)
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
        if findings.prediction and not (self.options.workers and self.options.threads):
            skipped = Search(findings, findings.prediction).skipped()
            info.skipped = [Skipped(setting.workers, setting.threads, reason) for setting, reason in skipped]
        self.results.save_info()
