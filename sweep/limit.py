"""`--find-limit`: how much a setting holds. The rate of arrivals rises until a limit breaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console

from explain_laws import Setting
from explain_types import Analysis
from sweep.decide.holding import Held, Step, bound_of, judged, next_rate, told
from sweep.duration import steps_forecast, window
from sweep.errors import BadOptionError
from sweep.folder import Results, alone, refuse_others, writing
from sweep.loop import UNLOADED, Sweep
from sweep.measure import machine
from sweep.measure.generator import Arrivals
from sweep.measure.measurement import Outcome
from sweep.measure.target import Target
from sweep.options import Options
from sweep.records import Info
from sweep.report import limit_page
from sweep.report.progress import Bar
from sweep.session import FAILED, INTERRUPTED, Stopped, ending_by_signal, near, say

THREADS = 6  # this stack's default
# Verdicts by which a run says nothing of the setting. Here one whose requests do not end says that it does not hold.
VOID = ("generator", "mixed-up")


def settings_of(options: Options, vcpu: int) -> list[Setting]:
    """Return the settings to look at: those that were given, else this stack's default."""
    workers, threads = options.workers or (2 * vcpu + 1,), options.threads or (THREADS,)
    return [Setting(many, each) for many in workers for each in threads]


def run(folder: Path, info: Info, target: Target) -> int:
    """Find out how much each setting holds, and return the exit status: 0, 1 if of one nothing is known, 130.

    Args:
        folder: takes limit.json and limit.html.
        info: what was asked.
        target: what is measured.

    Raises:
        BadOptionError: the folder holds results already.
    """
    console, options = Console(stderr=True), info.options
    settings = settings_of(options, target.vcpu)
    if any((folder / name).exists() for name in ("limit.json", "sweep.json")):
        raise BadOptionError("out", folder, "a folder that holds no results yet")
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        refuse_others(folder)
    names = ", ".join(map(str, settings))
    say(
        console,
        f"{options.scenario_name}, {info.plan.name}: {names}, {steps_forecast(options, len(settings))}. "
        f"Results: {near(folder)}",
    )
    found = [Held(*setting) for setting in settings]
    work = Sweep(Results(folder, info, []), target, Bar(Console(quiet=True)))
    status = 0
    with alone(folder), machine.on(target.generator_cores), ending_by_signal():
        try:
            with work.running():
                Finder(work, lambda line: say(console, line), lambda: limit_page.save(folder, info, found)).run(found)
        except (KeyboardInterrupt, Stopped) as signalled:
            status, info.stopped = INTERRUPTED, str(signalled) or "Ctrl-C"
            for held in found:
                held.error = held.error or (f"stopped by {info.stopped}" if next_rate(held) is not None else "")
        limit_page.save(folder, info, found)
        page = limit_page.render(folder, info, found)
    for held in found:
        if held.steps or held.error:
            click.echo(told(held, options))
    say(console, f"Report: {near(page)}")
    return status or (FAILED if any(held.holds_rps is None and held.breaks_rps is None for held in found) else 0)


class Finder:
    """Makes the steps.

    Attributes:
        work: measures.
        say: shows a line.
        save: called after each step.
    """

    def __init__(self, work: Sweep, say: Callable[[str], None], save: Callable[[], object]) -> None:
        """Prepare; starts nothing."""
        self.work, self.options, self.say, self.save = work, work.options, say, save

    def run(self, found: list[Held]) -> None:
        """Find out how much the settings hold."""
        probe = self.work.settled(UNLOADED, 1, self.options.seconds or window(None, 1))
        alone = None if probe.error else probe.analysis
        if probe.not_started:
            for held in found:
                held.error = (probe.error or "").splitlines()[0]
            return
        for held in found:
            held.bound_rps = bound_of(alone, held.setting, self.work.target.vcpu)
            while not held.error and (rate := next_rate(held)) is not None:
                self.step(held, rate, alone)
                self.save()

    def step(self, held: Held, rate: float, alone: Analysis | None) -> None:
        """Make a step, each at other moments."""
        seconds = self.options.seconds or window(alone, 1, rate)
        arrivals = Arrivals(rate, self.options.seed + len(held.steps))
        outcome = self.work.settled(held.setting, 1, seconds, arrivals)
        if outcome.not_started:
            held.error = (outcome.error or "").splitlines()[0]
            return
        step = judged(rate, outcome.analysis, outcome.error, void_of(outcome), self.options)
        held.steps.append(step)
        self.say(line(held, step))


def void_of(outcome: Outcome) -> str | None:
    """Return why a run says nothing of how much the setting holds; None if it does."""
    analysis = outcome.analysis
    return outcome.void if analysis and (outcome.saturated or analysis.verdict.code in VOID) else None


def line(held: Held, step: Step) -> str:
    """Return a line on a step."""
    p95 = f"p95 {step.analysis.response_ms.p95 or 0.0:6.0f} ms" if step.analysis else ""
    code = step.analysis.verdict.code if step.analysis else ""
    return f"{held.setting!s:>8}  {step.rps:7g} arrivals/s  {p95}  {code:<9}  {step.broken or step.void or 'holds'}"
