"""A sweep from its first word on the terminal to its report, however it ends."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from sweep import ROOT
from sweep.decide.findings import Findings
from sweep.decide.ranking import kept_limits
from sweep.decide.slowdown import UNCHECKED, can_check, foretold
from sweep.duration import forecast
from sweep.folder import Results, alone, writing
from sweep.loop import CannotStartError, Sweep
from sweep.measure import machine
from sweep.measure.target import Target
from sweep.report import pages
from sweep.report.progress import Bar

FAILED, RESERVED, INTERRUPTED = 1, 3, 130
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asks the sweep to end. Like KeyboardInterrupt, nothing but this module catches it."""


def run(results: Results, target: Target, environment: Mapping[str, str]) -> int:
    """Run a sweep or go on with one, and return the exit status.

    0; 1 without a recommendation; 3 where another setting served much more than the recommended one; 130 after a
    signal.

    Args:
        results: its folder.
        target: what is measured.
        environment: the machine as it is now.
    """
    console, info = Console(stderr=True), results.info
    say(
        console,
        f"{info.options.scenario_name}, {info.options.load}, {info.plan.name}: gunicorn on "
        f"{environment['gunicorn on']}, Locust on {environment['Locust on']}. Results: {near(results.folder)}",
    )
    say(console, forecast(info.options, info.unloaded))
    for name, before in info.environment.items():
        if environment.get(name) != before:
            say(console, f"{name} was {before} when this sweep began, and is {environment.get(name, 'not there')} now")
    if not machine.can_pin():
        say(
            console,
            f"gunicorn has all of this machine's cores, more than {info.plan.name}: in the container it has the plan's",
        )
    with alone(results.folder), machine.on(target.generator_cores):
        return measure(Sweep(results, target, bar := Bar(console)), bar, console)


def measure(work: Sweep, bar: Bar, console: Console) -> int:
    """Measure, and write the report of what there is, however it ended."""
    status, info = 0, work.results.info
    with ending_by_signal():
        try:
            with bar:
                work.run()
        except (KeyboardInterrupt, Stopped) as signalled:
            status, info.stopped = INTERRUPTED, str(signalled) or "Ctrl-C"
            say(console, f"{info.stopped}: the report is made from what there is; --resume goes on")
        except CannotStartError as failure:
            info.stopped = str(failure).splitlines()[0]
            work.results.save_info()
            say(console, f"sweep: {failure}")
            return FAILED  # there is nothing to report
        except OSError as error:  # a full disk, for instance
            status, info.stopped = FAILED, f"{error.filename or work.results.folder}: {error.strerror}"
            say(console, f"sweep: {info.stopped}: the report is made from what there is; --resume goes on")
        for number in SIGNALS:  # half a report helps nobody; it takes a second
            signal.signal(number, signal.SIG_IGN)
        with writing(work.results.folder):
            work.note_skipped()
        findings = work.findings
        finish(work.results, findings)
    show(findings, work.results.folder, console)
    recommendation = findings.recommendation
    reserved = RESERVED if recommendation.reservation else 0
    return status or (reserved if recommendation.setting else FAILED)


def finish(results: Results, findings: Findings) -> list[Path]:
    """Write what a sweep came to, recommendation.json and the report, and return the files' paths.

    Raises:
        ResultsError: the folder cannot be written to.
    """
    with writing(results.folder):
        recommendation = results.save_recommendation(findings.recommendation.as_json())
    return [recommendation, *pages.render(results.folder, findings)]


def show(findings: Findings, folder: Path, console: Console) -> None:
    """Print the recommendation on standard output, and what speaks for and against it; and where the report is."""
    recommendation = findings.recommendation
    lines = [*map(foretold, recommendation.slowed), *kept_limits(findings.cells, findings.info)]
    if recommendation.slowed and not can_check(findings.prediction):
        lines.insert(len(recommendation.slowed), f"{UNCHECKED}.")
    if recommendation.several:
        lines.append(f"{recommendation.several.reason}.")
    if recommendation.alternative:
        lines.append(f"{recommendation.alternative}.")
    with contextlib.suppress(OSError):
        click.echo(recommendation.reason)
        if recommendation.reservation:
            click.echo(f"But {recommendation.reservation}.")
        for line in lines:
            click.echo(line)
        for line in filter(None, (recommendation.startup_command, recommendation.needs)):
            click.echo(line)
    say(console, f"Report: {near(folder / 'report.html')}")


def say(console: Console, line: str) -> None:
    """Print a line. A terminal that was closed must not keep the report from being written."""
    with contextlib.suppress(OSError):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def near(path: Path) -> Path:
    """Return a path from the repository's folder where it is in there: in a container the host's has another name."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


@contextlib.contextmanager
def ending_by_signal() -> Iterator[None]:
    """Have SIGTERM and SIGHUP end the sweep as Ctrl-C does: with a report."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise Stopped(signal.Signals(number).name)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in (signal.SIGTERM, signal.SIGHUP):
        if before[number] is not signal.SIG_IGN:  # as nohup leaves SIGHUP
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
