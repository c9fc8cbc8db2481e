"""What a sweep shows while it runs: a bar with the current setting, the best so far and the time left."""

from __future__ import annotations

import contextlib
import math
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from explain_words import figure
from sweep.decide.findings import Findings
from sweep.decide.slowdown import told
from sweep.records import AROUND, Check, Info, Run


class Bar:
    """Progress on a terminal; where there is none, a line for each run."""

    def __init__(self, console: Console) -> None:
        """Show nothing yet."""
        self.console = console
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("best {task.fields[best]}"),
            TimeLeft(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self.task = self.bar.add_task("starting", total=1.0, best="none yet", left_seconds=None)
        self.around, self.done, self.left = AROUND, 0.0, 0

    def __enter__(self) -> Bar:
        """Show the bar."""
        with contextlib.suppress(OSError):
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take it away. The terminal may have been closed."""
        with contextlib.suppress(OSError):
            self.bar.stop()

    def begin(self, what: str, left: int, seconds: float) -> None:
        """Show what is being measured, how many runs are left after it, and how long its window is."""
        self.begun, self.seconds = time.monotonic(), seconds
        self.left, left_seconds = left, (left + 1) * (seconds + self.around)
        # Other settings may turn out to be worth a run, so the total is an estimate that moves.
        self.bar.update(
            self.task,
            description=what,
            total=self.done + left_seconds,
            completed=self.done,
            ends=self.begun + left_seconds,
        )

    def end(self, run: Run | None, findings: Findings) -> None:
        """Show what came of it."""
        took = time.monotonic() - self.begun
        self.done += took
        if run is None or run.ok:
            self.around = max(1.0, took - self.seconds)
        if best := findings.best:
            self.bar.update(self.task, best=f"{best.setting}: {figure(best.rate)} requests/s")
        self.bar.update(self.task, completed=self.done)
        self.say(line(run, findings.info) + self.place(findings))

    def place(self, findings: Findings) -> Text:
        """Say where the sweep is; the bar does that on a terminal."""
        if self.console.is_terminal:
            return Text("")
        runs = len(findings.runs)
        if not self.left:
            return Text(f"  ({runs} runs so far)" if runs else "")
        minutes = math.ceil(self.left * (self.seconds + self.around) / 60)
        left = f"some {self.left} more, about {minutes} {'minute' if minutes == 1 else 'minutes'}"
        return Text(f"  ({runs} {'run' if runs == 1 else 'runs'} so far, {left})")

    def checked(self, check: Check, findings: Findings) -> None:
        """Show what came of the check."""
        self.say(Text(f"  {told(check, findings.prediction)}"))

    def say(self, text: Text | str) -> None:
        """Print a line above the bar."""
        with contextlib.suppress(OSError):
            self.console.print(text, highlight=False, markup=False, soft_wrap=True)


class TimeLeft(TimeRemainingColumn):
    """The time left, counted down within a run."""

    def render(self, task: Task) -> Text:
        """Return the text."""
        ends = task.fields.get("ends")
        if ends is None:
            return Text("")
        seconds = max(0, round(ends - time.monotonic()))
        return Text(f"about {seconds // 60}:{seconds % 60:02} left")


def line(run: Run | None, info: Info) -> Text:
    """Return a line on a run that has ended; None is the unloaded probe."""
    if run is None:
        if info.unloaded_error:
            return Text(f"  one user: failed: {info.unloaded_error.splitlines()[0]}", style="red")
        mean = info.unloaded.app_ms.mean if info.unloaded else None
        return Text(f"  one user: {mean:.4g} ms in the app" if mean else "  one user: no Server-Timing header")
    name = f"{run.setting!s:>8}  run {run.repeat + 1}"
    if not run.ok or not run.analysis:
        return Text(f"{name}  {'' if run.void else 'failed: '}{(run.error or '').splitlines()[0]}", style="red")
    analysis, outside = run.analysis, run.outside
    peak = f"{outside.memory_peak_mb:.0f} MB" if outside else ""
    figures = f"{analysis.load.rps:8.1f} requests/s  p95 {analysis.response_ms.p95 or 0.0:6.0f} ms  {peak:>7}"
    load, disturbed = analysis.load, ""
    failed = f"  {load.failures / load.requests:.2%} failed" if load.failures else ""
    if outside and outside.disturbed:
        disturbed = f"  (other programs used {outside.others_utilization:.0%} of its cores)"
    return Text(f"{name}  {figures}  {analysis.verdict.code}{failed}{disturbed}")
