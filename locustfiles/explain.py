"""A Locust plugin that explains a run: where requests wait, what the limit is, and what to set instead.

A scenario needs one line: `import explain`. Then the web UI has a tab "Why?" and a page /explain, and the console
and `--analysis-json FILE` get the analysis at the end. It reads the Server-Timing header that gunicorn_slots adds.

This file listens to Locust's events. The rest, in the order in which a request goes through it:

    explain_options        the command line; explain_think the pause that scenarios share
    explain_events         which of Locust's events are requests
    explain_server_timing  the header
    explain_run            the window: which requests count, in which process
    explain_monitor        samples Locust itself; explain_pauses what the scenario asks for; explain_starts on_start;
                           explain_crew the users: what their code raised, and how many are left (explain_turnout)
    explain_open           --rps: tasks that begin when they are due; explain_opening starts and ends it, explain_pool
                           has its users, explain_schedule the moments, explain_arrivals what became of them
    explain_tally          what is kept of each explain_record: of explain_routes, of explain_workers, and of the
                           test's first requests (explain_first); explain_histogram percentiles; explain_totals what
                           the thresholds count
    explain_figures        from the tally to the figures, by explain_laws; explain_worker_figures, explain_route_figures
    explain_instances      which instances there were, and what adds up; explain_stays whether users stay with one
    explain_generator      whether Locust is the limit
    explain_rules          what holds of a run, and explain_rules_instances of several instances; explain_verdict the
                           first rule that does, explain_verdict_* in words; explain_suggestion the setting to try
    explain_analysis       all of that as explain_types has it; explain_timeline the run over time
    explain_text           the console and the table, in explain_words; explain_web the web UI
    explain_thresholds     exit code 3; explain_baseline against an earlier run, by explain_spread
    explain_keep           a folder for each run, which is explain_folder's, with explain_tables; explain_places where;
                           explain_before what has changed since an earlier one of the same explain_fingerprint
    explain_engine         all that one Locust counted, as a line; explain_merge one verdict of several such lines

In Compose explain_start comes before all that: it waits for the app.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import sys
import time
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gevent
import locust
import locust.log
from locust import events
from locust.runners import MasterRunner, WorkerRunner

import explain_baseline
import explain_places
import explain_starts
import explain_text
import explain_thresholds
import explain_web
from explain_baseline import BadBaselineError, Baseline
from explain_engine import Engine
from explain_keep import Keeper, mark_report, scenario_of
from explain_open import add_open
from explain_options import add_options, check_file, shared_add
from explain_pauses import paced_rps
from explain_run import BEGIN, Explanation
from explain_types import SCHEMA

logger = logging.getLogger("locust.explain")


def add_load(parser: Any, **_others: Any) -> None:
    """Add the options of a load that does not wait for answers to Locust's command line."""
    add_open(
        shared_add(parser, parser.add_argument_group("Open load", "Tasks that begin whether or not the app answers"))
    )


def on_init(environment: Any, **_others: Any) -> None:
    """Set up the process that this is."""
    runner = environment.runner
    target = getattr(environment.parsed_options, "analysis_json", None)
    if target and not isinstance(runner, WorkerRunner) and (problem := check_file(target)):
        sys.exit(problem)
    explanation = Explanation(environment)
    if problem := explanation.opening.problem():
        sys.exit(problem)
    hooks: Any = environment.events
    if not isinstance(runner, WorkerRunner):
        environment.baseline = baseline_of(environment.parsed_options)
        place = explain_places.reports(getattr(environment.parsed_options, "reports", None))
        spare = environment.baseline and environment.baseline.folder
        environment.keeper = Keeper(environment, explanation, place, spare)
        environment.keeper.install()
    explanation.crew.install()
    hooks.request.add_listener(explanation.on_request)
    hooks.request.add_listener(functools.partial(explain_starts.on_request, explanation))
    hooks.test_stopping.add_listener(lambda **_: explanation.finish())
    if not isinstance(runner, MasterRunner):
        gevent.spawn(explanation.watch)
    if isinstance(runner, WorkerRunner):
        runner.register_message(BEGIN, explanation.on_begin_message)
        hooks.report_to_master.add_listener(explanation.on_report_to_master)
    else:
        hooks.spawning_complete.add_listener(lambda user_count, **_: explanation.begin(user_count))
        hooks.reset_stats.add_listener(lambda **_: explanation.reset())
        hooks.worker_report.add_listener(explanation.on_worker_report)
    hooks.test_start.add_listener(lambda **_: explanation.start_test())
    hooks.test_start.add_listener(lambda **_: explain_starts.note_starts(environment.user_classes))
    environment.explanation = explanation
    # gevent's clock has stood still since it last waited, before the locustfile was imported, say. What begins now, as
    # --run-time does, would begin then, and a short run on a busy machine be over at once.
    gevent.get_hub().loop.update_now()
    if environment.web_ui:
        explain_web.install(environment, explanation)


def on_quitting(environment: Any, **_others: Any) -> None:
    """Write the analysis and check the thresholds, when the last reports of the worker processes are in."""
    explanation: Explanation | None = getattr(environment, "explanation", None)
    if explanation is None or isinstance(environment.runner, WorkerRunner) or not has_to_tell(environment):
        return
    explanation.finish()
    explanation.crew.end()
    environment.keeper.keep()
    found, options = environment.keeper.analysis(), environment.parsed_options
    mark_report(options, found)
    if target := getattr(options, "analysis_json", None):
        try:
            Path(target).write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            logger.error(f"--analysis-json {target}: {error.strerror}: expected a file that can be written")
            environment.process_exit_code = 1
    checks = explain_thresholds.checked(options, explanation.total(), explanation.total_seconds())
    if environment.baseline:
        checks += explain_baseline.checked(environment.baseline, found, scenario_of(environment), options)
    for check in checks:
        (logger.info if check.met else logger.error)(check.line)
    if explain_thresholds.missed(checks):
        environment.process_exit_code = explain_thresholds.EXIT_CODE
    elif explain_thresholds.decides(options) and not environment.runner.exceptions:
        # How many may fail was said, so that some did is no failure of the run; Locust's own status would be.
        environment.process_exit_code = environment.process_exit_code or (2 if unhandled() else 0)
    printed = [explain_text.text(found)]
    if (line := environment.keeper.line()) and not environment.web_ui:
        printed.append(f"{line}\n")
    if getattr(options, "print_tally", False):
        printed.insert(0, engine(explanation).line())
    # After Locust's own tables, where the eye is.
    environment.events.quit.add_listener(lambda **_: logging.getLogger("locust.stats_logger").info("\n".join(printed)))


def has_to_tell(environment: Any) -> bool:
    """Whether there was a test, or should have been one: a LoadTestShape may end before it has begun."""
    headless = getattr(environment.parsed_options, "headless", False)
    return bool(environment.explanation.started or (environment.shape_class and headless))


def baseline_of(options: Any) -> Baseline | None:
    """Return the run that this one is held against, if one is named; end with one line if it cannot be read."""
    if not (name := getattr(options, "check_against", None)):
        return None
    try:
        return explain_baseline.read(name, explain_places.there(name, os.environ))
    except BadBaselineError as error:
        sys.exit(str(error))


def engine(explanation: Explanation) -> Engine:
    """Return what this Locust counted, for a line of its own."""
    environment = explanation.environment
    return Engine(
        engine=uuid.uuid4().hex[:12],
        locust=locust.__version__,
        schema=SCHEMA,
        host=environment.host,
        begun=time.time() - (time.perf_counter() - explanation.begun),
        seconds=explanation.window(),
        start_s=max(0.0, explanation.begun - explanation.test_began),
        users=explanation.users,
        memory_mb=getattr(environment.parsed_options, "app_memory", None),
        paced_rps=paced_rps(environment.user_classes, explanation.users),
        loads=[list(load) for load in explanation.generators()],
        first=[list(one) for one in explanation.first],
        tally=explanation.counted().to_dict(),
        others=explanation.others.to_list(),
        total_seconds=explanation.total_seconds(),
    )


def unhandled() -> bool:
    """Whether a listener or a greenlet raised what nobody handled: Locust ends with 2 then."""
    return bool(locust.log.unhandled_greenlet_exception)


# Locust runs a directory's files as scenarios, this one too, after a scenario may have imported it already.
hooks: Any = events  # Locust leaves them untyped
if not hasattr(hooks, "explained"):
    hooks.explained = True
    hooks.init_command_line_parser.add_listener(add_options)
    hooks.init_command_line_parser.add_listener(add_load)
    hooks.init.add_listener(on_init)
    # Here and not in on_init: listeners run last to first, and the master's own, which collects the last reports,
    # is added between the two.
    hooks.quitting.add_listener(on_quitting)
