"""The command line: `python -m sweep`, `python -m sweep report DIR`, `python -m sweep compare DIR DIR`."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import click
from click.core import ParameterSource
from rich.console import Console

import plans
from sweep import ROOT, compare, machine, report
from sweep.loop import Sweep
from sweep.options import BadOptionError, Options, check, is_there, parse
from sweep.predict import demand_of
from sweep.progress import Bar
from sweep.recommend import Recommendation, recommend
from sweep.results import Info, Results, ResultsError, alone, create, load
from sweep.summary import cells

REPORTS = ROOT / "reports"
FAILED, BAD_OPTION, INTERRUPTED = 1, 2, 130
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asks the sweep to end. Like KeyboardInterrupt, nothing but the command line catches it."""


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--workers", metavar="1,2,3", help="Numbers of workers to measure. Default: it decides itself.")
@click.option("--threads", metavar="1,6", help="Numbers of threads to measure. Default: it decides itself.")
@click.option("--users", metavar="N", help="Locust's users. Default: 36.")
@click.option("--scenario", metavar="NAME|FILE", help="io_bound, cpu_bound, mixed, or a locustfile. Default: io_bound.")
@click.option("--app", metavar="MODULE:NAME", help="The app. Default: found as on App Service.")
@click.option("--chdir", metavar="FOLDER", help="The app's folder. Default: this repository, with its sample app.")
@click.option(
    "--python", metavar="PATH", envvar="SWEEP_PYTHON", help="The Python that has gunicorn and the app's requirements."
)
@click.option("--plan", metavar="NAME", help="An App Service plan, for instance P1v3. Default: B1.")
@click.option("--max-p95", metavar="MS", help="Recommend nothing with a p95 above this.")
@click.option("--repeats", metavar="N", help="Runs of each setting that could be the best. Default: 3.")
@click.option("--seconds", metavar="S", help="Length of a run. Default: 6, or 20 requests of one user.")
@click.option("--start-seconds", metavar="S", help="How long the app may take to start. Default: 60.")
@click.option("--gunicorn", metavar="SETTING=VALUE", multiple=True, help="Held fixed, for instance preload_app=true.")
@click.option("--share-cores", is_flag=True, help="Let Locust use gunicorn's cores too, where there are too few.")
@click.option("--seed", metavar="N", help="Of the order in which settings are measured. Default: drawn.")
@click.option("--out", metavar="FOLDER", help="Where the results go. Default: a new one in reports/.")
@click.option("--resume", is_flag=True, help="Go on with the sweep in --out, or with the latest one in reports/.")
@click.pass_context
def cli(context: click.Context, /, **given: Any) -> int:
    """Measure which workers and threads to ship, and write a report.

    With --workers and --threads it measures that grid; without, it decides itself what is worth a run.
    """
    if context.invoked_subcommand:
        return 0
    given = {name: value for name, value in given.items() if value not in (None, False, ())}
    # `make sweep` and the image give SWEEP_PYTHON always, also to go on with a sweep that had another one.
    if given.get("resume") and context.get_parameter_source("python") is not ParameterSource.COMMANDLINE:
        given.pop("python", None)
    return sweep(given)


@cli.command("report")
@click.argument("folder", metavar="DIR")
def report_command(folder: str) -> int:
    """Render the report of the sweep in DIR again."""
    results = load(Path(folder))
    for path in report.render(results):
        click.echo(path)
    return 0


@cli.command("compare")
@click.argument("before", metavar="DIR")
@click.argument("after", metavar="DIR")
def compare_command(before: str, after: str) -> int:
    """Set two sweeps side by side, as before and after a change of the app."""
    found = compare.compare(load(Path(before)), load(Path(after)))
    compare.render(found, Console())
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0, 1 without a recommendation, 2 for a bad option, 130 if a signal ended it."""
    try:
        status = cli.main(args=argv, prog_name="python -m sweep", standalone_mode=False)
        return int(status or 0)
    except click.ClickException as error:
        message = error.format_message()
    except (BadOptionError, ResultsError, machine.CoresError, machine.RefusedError) as error:
        message = str(error)
    except click.Abort:
        return INTERRUPTED
    click.echo(f"sweep: {' '.join(message.split())}", err=True)
    return BAD_OPTION


def sweep(given: dict[str, Any]) -> int:
    """Start a sweep, or go on with one, and return the exit status."""
    out, resume = given.pop("out", None), given.pop("resume", False)
    if resume:
        results, options = resumed(out, given)
    else:
        options = parse({"seed": str(datetime.now(UTC).microsecond), **given})
    plan = plans.load()[options.plan]
    target = machine.target_of(options, plan)
    preflight = machine.preflight(options)
    environment = machine.environment_of(target, preflight.versions)
    if not resume:
        started = datetime.now().astimezone()
        name = f"{options.scenario_name}-{plan.name}-{options.users}-{started:%Y%m%d-%H%M%S}"
        info = Info(
            options=options.as_json(),
            plan={"name": plan.name, "vcpu": target.vcpu, "memory_mb": plan.app_memory_mb},
            environment=environment,
            command=options.command(Path("reports") / "again"),
            started=started.isoformat(timespec="seconds"),
            app=preflight.app,
        )
        results = create(Path(out) if out else REPORTS / name, info)
    console = Console(stderr=True)
    say(
        console,
        f"{options.scenario_name}, {options.users} users, {plan.name}: gunicorn on {environment['gunicorn on']}, "
        f"Locust on {environment['Locust on']}. Results: {near(results.folder)}",
    )
    for name, before in results.info.environment.items():
        if environment.get(name) != before:
            say(console, f"{name} was {before} when this sweep began, and is {environment.get(name, 'not there')} now")
    if not machine.can_pin():
        say(
            console,
            f"gunicorn has all of this machine's cores, more than {plan.name}: in the container it has the plan's",
        )
    with alone(results.folder), machine.on(target.generator_cores):
        return run(Sweep(results, options, target, bar := Bar(console)), bar, console)


def run(work: Sweep, bar: Bar, console: Console) -> int:
    """Run a sweep, and write the report of what there is, however it ended."""
    status, info = 0, work.results.info
    with ending_by_signal():
        try:
            with bar:
                work.run()
        except (KeyboardInterrupt, Stopped) as signalled:
            status, info.stopped = INTERRUPTED, str(signalled) or "Ctrl-C"
            say(console, f"{info.stopped}: the report is made from what there is; --resume goes on")
        except OSError as error:  # a full disk, for instance
            status, info.stopped = FAILED, f"{error.filename or work.results.folder}: {error.strerror}"
            say(console, f"sweep: {info.stopped}: the report is made from what there is; --resume goes on")
        for number in SIGNALS:  # half a report helps nobody; it takes a second
            signal.signal(number, signal.SIG_IGN)
        try:
            work.note_skipped()
            report.render(work.results)
        except OSError as error:
            raise ResultsError(
                f"{work.results.folder}: expected a folder that can be written to ({error.strerror})"
            ) from None
    found = recommend(cells(work.results, demand_of(work.results)), info)
    show(found, work.results, console)
    return status or (0 if found.setting else FAILED)


def show(found: Recommendation, results: Results, console: Console) -> None:
    """Print the recommendation on standard output, and where the report is."""
    with contextlib.suppress(OSError):
        click.echo(found.reason)
        if found.startup_command:
            click.echo(found.startup_command)
    say(console, f"Report: {near(results.folder / 'report.html')}")


def say(console: Console, line: str) -> None:
    """Print a line. A terminal that was closed must not keep the report from being written."""
    with contextlib.suppress(OSError):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def near(path: Path) -> Path:
    """Return a path from the repository's folder where it is in there: in a container the host's has another name."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def resumed(out: str | None, given: dict[str, Any]) -> tuple[Results, Options]:
    """Return the sweep to go on with. Options that are given again must be the same.

    Raises:
        ResultsError: there is none.
        BadOptionError: an option differs from that of the sweep.
    """
    if out is None:
        folders = sorted(REPORTS.glob("*/sweep.json"), key=lambda path: path.stat().st_mtime)
        if not folders:
            raise ResultsError(f"--resume: expected a sweep in {REPORTS}, or --out=FOLDER")
        out = str(folders[-1].parent)
    with alone(Path(out)) if is_there(Path(out), Path.is_dir) else contextlib.nullcontext():
        results = load(Path(out), mend=True)
    options = Options.from_json(results.info.options)
    check(options)  # what it needs may be gone
    results.info.unloaded_error = None  # the probe may work now
    asked = parse(given)
    for name, text in given.items():
        before = getattr(options, name)
        if getattr(asked, name) != before:
            raise BadOptionError(
                name.replace("_", "-"), text, f"{before}, as the sweep in {out} has it, or no --resume"
            )
    return results, options


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


if __name__ == "__main__":
    sys.exit(main())
