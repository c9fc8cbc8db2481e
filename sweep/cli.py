"""The command line: `python -m sweep`, `python -m sweep report DIR`, `python -m sweep compare DIR DIR`."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from rich.console import Console

import plans
from sweep import ROOT, again, limit, session
from sweep.decide.comparison import compare
from sweep.decide.findings import Findings
from sweep.decide.sides import side_of
from sweep.duration import forecast
from sweep.errors import BadOptionError, SweepError
from sweep.folder import Results, ResultsError, alone, create, load
from sweep.measure.preflight import preflight
from sweep.measure.target import environment_of, target_of
from sweep.options import DEFAULTS, FROM_ENVIRONMENT, Options, written
from sweep.parameters import (
    FOLDER,
    PLAN,
    SCENARIO,
    App,
    Held,
    Number,
    Numbers,
    Option,
    Pause,
    Program,
    check,
    own_scenario,
)
from sweep.records import Info, PlanSize
from sweep.report import pages, side_by_side

REPORTS = ROOT / "reports"
BAD_OPTION = 2

option = functools.partial(click.option, cls=Option)
PATH = click.Path(path_type=Path)


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
    epilog=f"It says at its start how long it takes. Without options: {forecast(DEFAULTS)}.",
)
@option("--workers", type=Numbers(128), show_default="it decides itself", help="Numbers of workers to measure.")
@option("--threads", type=Numbers(1000), show_default="it decides itself", help="Numbers of threads to measure.")
# Beyond this a machine that holds gunicorn and Locust measures itself.
@option("--users", metavar="N", type=click.IntRange(1, 10_000), default=DEFAULTS.users, help="Locust's users.")
@option(
    "--scenario",
    type=SCENARIO,
    default=own_scenario,
    show_default="io_bound; with APP_DIR its locustfile.py, else pages.py",
    help="io_bound, cpu_bound, mixed, story, or a file.",
)
@option(
    "--rps",
    type=Number(0.01, 1e5),
    metavar="RATE",
    show_default="users who wait for their answers",
    help="In place of users: so many tasks a second, at random, whether or not the app answers.",
)
@option(
    "--find-limit",
    is_flag=True,
    help="Raise the rate until --max-p95 or --max-fail-ratio breaks, and say how much the setting holds.",
)
@option("--pause", type=Pause(), show_default="the scenario's own", help="How long users think: 2, or 1-3.")
@option(
    "--instances",
    metavar="N",
    type=click.IntRange(1, 100),
    default=DEFAULTS.instances,
    help="What so many instances hold, by the laws; one is measured.",
)
@option("--app", type=App(), envvar="GUNICORN_WSGI_APP", show_default="found as on App Service", help="The app.")
@option(
    "--chdir",
    type=FOLDER,
    envvar=FROM_ENVIRONMENT["chdir"],
    metavar="FOLDER",
    show_default="this repository, with its sample app",
    help="The app's folder.",
)
@option(
    "--python",
    type=Program(),
    envvar=FROM_ENVIRONMENT["python"],
    show_default="the one that runs this",
    help="The Python that has gunicorn and the app's requirements.",
)
@option(
    "--plan",
    type=PLAN,
    envvar="SWEEP_PLAN",
    default=DEFAULTS.plan,
    metavar="NAME",
    help="An App Service plan, for instance P1v3.",
)
@option("--max-p95", type=Number(0.1, 1e6), metavar="MS", help="Recommend nothing with a p95 above this.")
@option(
    "--max-fail-ratio",
    type=Number(0, 1),
    metavar="SHARE",
    show_default="as many as of one user's",
    help="Recommend nothing of which a larger share of the requests fails.",
)
@option(
    "--repeats",
    metavar="N",
    type=click.IntRange(1, 20),
    default=DEFAULTS.repeats,
    help="Runs of each setting that could be the best.",
)
@option(
    "--seconds",
    type=Number(1, 3600),
    metavar="S",
    show_default="6, or 20 requests of one user",
    help="Length of a run.",
)
@option(
    "--start-seconds",
    type=Number(1, 3600),
    metavar="S",
    default=DEFAULTS.start_seconds,
    help="How long the app may take to start.",
)
@option("--gunicorn", type=Held(), multiple=True, help="Held fixed, for instance preload_app=true.")
@option("--share-cores", is_flag=True, help="Let Locust use gunicorn's cores too, where there are too few.")
@option(
    "--seed",
    metavar="N",
    type=click.IntRange(0, 2**32 - 1),
    show_default="drawn",
    help="Of the order in which settings are measured.",
)
@option("--out", type=PATH, metavar="FOLDER", show_default="a new one in reports/", help="Where the results go.")
@option("--resume", is_flag=True, help="Go on with the sweep in --out, or with the latest one in reports/.")
@click.pass_context
def cli(context: click.Context, /, out: Path | None, resume: bool, **values: Any) -> int:
    """Measure which workers and threads to ship, and write a report.

    With --workers and --threads it measures that grid; without, it decides itself what is worth a run.
    """
    if context.invoked_subcommand:
        return 0
    values["gunicorn"] = dict(values["gunicorn"])
    if not resume:
        values = {"seed": datetime.now(UTC).microsecond} | {
            name: value for name, value in values.items() if value is not None
        }
        options = Options.of(**values)
        check_load(options, context.get_parameter_source("users") == ParameterSource.COMMANDLINE)
        return start(options, out)
    # Not from the environment: `make sweep` and the image give SWEEP_PYTHON always, also to go on with a sweep that
    # had another one.
    given = {
        name: value
        for name, value in values.items()
        if context.get_parameter_source(name) == ParameterSource.COMMANDLINE
    }
    return go_on(resumed(out, given))


@cli.command("report")
@click.argument("folder", metavar="DIR", type=PATH)
def report_command(folder: Path) -> int:
    """Render the report of the sweep in DIR again."""
    results = load(folder)
    for path in session.finish(results, Findings.of(results)):
        click.echo(path)
    return 0


@cli.command("compare")
@click.argument("before", metavar="DIR", type=PATH)
@click.argument("after", metavar="DIR", type=PATH)
@option("--page", type=PATH, metavar="FILE", help="Write it as a page, too.")
def compare_command(before: Path, after: Path, page: Path | None) -> int:
    """Set two sweeps or runs side by side, as before and after a change of the app."""
    comparison, names = compare(side_of(before), side_of(after)), (str(before), str(after))
    side_by_side.render(comparison, names, Console())
    if page:
        pages.write_comparison(page, comparison, names)
        click.echo(page)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status.

    0; 1 without a recommendation; 2 for a bad option; 3 with one that serves less than another setting did; 130 if a
    signal ended it.
    """
    try:
        status = cli.main(args=argv, prog_name="python -m sweep", standalone_mode=False)
        return int(status or 0)
    except click.ClickException as error:
        message = error.format_message()
    except SweepError as error:
        message = str(error)
    except click.Abort:
        return session.INTERRUPTED
    click.echo(f"sweep: {' '.join(message.split())}", err=True)
    return BAD_OPTION


def check_load(options: Options, users_given: bool) -> None:
    """Refuse options that do not go together.

    Args:
        options: all of them.
        users_given: whether a number of users was asked for.

    Raises:
        BadOptionError: with the option.
    """
    if options.find_limit:
        if options.max_p95 is None and options.max_fail_ratio is None:
            raise BadOptionError("find-limit", "", "a limit with it: --max-p95=MS, --max-fail-ratio=SHARE, or both")
        if options.rps is not None:
            raise BadOptionError("rps", written(options.rps), "none with --find-limit, which finds the rate")
    if not options.is_open:
        return
    if users_given:
        raise BadOptionError("users", options.users, "none with arrivals, for which users are added as needed")
    if options.instances != 1:
        raise BadOptionError("instances", options.instances, "1 with arrivals, of which each instance gets its part")
    if options.pause is not None:
        raise BadOptionError("pause", options.pause, "none with arrivals, which do not wait for a user's pause")


def start(options: Options, out: Path | None) -> int:
    """Start a sweep, and return the exit status."""
    plan = plans.load()[options.plan]
    target, said = target_of(options, plan), preflight(options)
    started = datetime.now().astimezone()
    info = Info(
        options=options,
        plan=PlanSize(plan.name, target.vcpu, plan.app_memory_mb),
        environment=environment_of(target, said.versions),
        command=again.command(options),
        started=started.isoformat(timespec="seconds"),
        app=said.app,
    )
    if options.find_limit:
        return limit.run(
            out or REPORTS / f"limit-{options.scenario_name}-{plan.name}-{started:%Y%m%d-%H%M%S}", info, target
        )
    load = options.users if options.rps is None else f"{options.rps:g}rps"
    name = f"{options.scenario_name}-{plan.name}-{load}-{started:%Y%m%d-%H%M%S}"
    return session.run(create(out or REPORTS / name, info), target, info.environment)


def go_on(results: Results) -> int:
    """Go on with a sweep, and return the exit status."""
    options = results.info.options
    target = target_of(options, plans.load()[options.plan])
    return session.run(results, target, environment_of(target, preflight(options).versions))


def resumed(out: Path | None, given: Mapping[str, Any]) -> Results:
    """Return the sweep to go on with.

    Args:
        out: its folder; None for the latest one in reports/.
        given: the options that were given again, which must be the same.

    Raises:
        ResultsError: there is none.
        BadOptionError: an option differs from that of the sweep, or what it names is not there any more.
    """
    if out is None:
        folders = sorted(REPORTS.glob("*/sweep.json"), key=lambda path: path.stat().st_mtime)
        if not folders:
            raise ResultsError(f"--resume: expected a sweep in {REPORTS}, or --out=FOLDER")
        out = folders[-1].parent
    with alone(out):
        results = load(out, mend=True)
    check(results.info.options)
    results.info.unloaded_error = None  # the probe may work now
    for name, value in given.items():
        before = getattr(results.info.options, name)
        if value != before:
            expected = f"{written(before) or 'none'}, as the sweep in {out} has it, or no --resume"
            raise BadOptionError(name.replace("_", "-"), written(value), expected)
    return results
