"""Keeps each test of a Locust in a folder of its own (explain_folder), headless or of the web UI, when it has ended.

A master and a single Locust do; a worker process leaves it to its master. What cannot be written costs no run: it is
one line, at the start already where that is known by then.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from dataclasses import asdict, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import gevent
import locust
from locust.runners import MasterRunner
from locust.stats import PERCENTILES_TO_REPORT, StatsCSV, StatsEntry, sort_stats

import explain_before
import explain_fingerprint
import explain_folder
import explain_page
from explain_folder import Rows, table
from explain_paste import started
from explain_places import near
from explain_run import Explanation
from explain_tables import section, with_verdict
from explain_types import Analysis, Before, Timeline

logger = logging.getLogger("locust.explain")
FORM = 1  # of run.json
# A master ends a test when its workers have no users left; their last reports come within a second.
LAST_REPORTS = 2.0  # s
REQUESTS = ("Type", "Name", "Requests", "Failures", "Median", "95 %", "99 %", "Mean", "Least", "Most", "Requests/s")
OPTIONS = ("spawn_rate", "run_time", "pause", "paths", "rps")


class Keeper:
    """Keeps the tests of one Locust.

    Attributes:
        place: where to; None for nowhere.
        spare: a run that stays, however old.
        begun: when the test began that is not kept yet; None without one.
        kept: the folder of the latest one.
        before: what an earlier one says of that.
        code: what the locustfiles were when they were loaded.
    """

    def __init__(self, environment: Any, explanation: Explanation, place: Path | None, spare: Path | None) -> None:
        self.environment, self.explanation = environment, explanation
        self.place, self.spare = place, spare
        self.begun: datetime | None = None
        self.kept: Path | None = None
        self.before: Before | None = None
        self.code: str | None = None

    def install(self) -> None:
        """Listen to Locust; before the explanation does, which forgets the last test when the next one starts."""
        if self.place and (problem := explain_folder.obstacle(self.place)):
            logger.warning(problem)
            self.place = None
        if self.place:
            self.code = explain_fingerprint.code_of(self.environment)
        hooks = self.environment.events
        hooks.test_start.add_listener(lambda **_: self.start())
        hooks.test_stop.add_listener(lambda **_: self.stop())
        hooks.reset_stats.add_listener(lambda **_: self.forget())

    def start(self) -> None:
        """Note that a test begins."""
        self.keep()
        self.begun, self.kept = datetime.now().astimezone(), None
        self.forget()

    def forget(self) -> None:
        """Forget the earlier run, as the figures that were held against it are gone."""
        self.before = None

    def stop(self) -> None:
        """Keep the test that has ended, when all of it is known."""
        begun = self.begun
        if isinstance(self.environment.runner, MasterRunner):
            gevent.spawn_later(LAST_REPORTS, lambda: self.keep() if self.begun is begun else None)
        else:
            self.keep()

    def keep(self) -> None:
        """Write the test, unless that is done."""
        begun, self.begun = self.begun, None
        if begun is None or self.place is None:
            return
        self.explanation.finish()
        record = asked(self.environment, begun, self.code)
        timeline, options = self.explanation.timeline(), self.environment.parsed_options
        analysis = self.explanation.analysis()
        self.before = explain_before.before(self.place, begun, record, analysis, options)
        analysis = replace(analysis, before=self.before)
        name = explain_folder.name_of(begun, analysis.setting)
        try:
            files = contents(self.environment, record, name, analysis, timeline)
            self.kept = explain_folder.write(self.place, name, files, self.spare)
        except OSError as error:
            logger.error(explain_folder.cannot(self.place, error.strerror))
            self.forget()
            return
        if self.environment.web_ui:
            logger.info(self.line())

    def analysis(self) -> Analysis:
        """Return the analysis as it is now, once it is kept with what an earlier run says of it."""
        return replace(self.explanation.analysis(), before=self.before)

    def line(self) -> str:
        """Say where the latest run is kept; "" if it is not."""
        if self.kept is None:
            return ""
        page = self.kept / explain_folder.PAGE
        return f"Kept: {near(page if page.exists() else self.kept)}"


def contents(
    environment: Any, record: dict[str, Any], name: str, analysis: Analysis, timeline: Timeline
) -> dict[str, str]:
    """Return a run's files by their names."""
    stats = StatsCSV(environment, PERCENTILES_TO_REPORT)
    files = {
        explain_folder.INFO: as_json(record),
        explain_folder.ANALYSIS: as_json(asdict(analysis)),
        "requests.csv": table(stats.requests_csv),
        "timeline.csv": table(lambda rows: over_time(rows, timeline)),
    }
    if environment.stats.errors:
        files["failures.csv"] = table(stats.failures_csv)
    if environment.runner.exceptions:
        files["exceptions.csv"] = table(stats.exceptions_csv)
    if explain_page.FOLDER:
        found = explain_page.found(analysis, timeline, "kept", started(os.environ))
        files[explain_folder.PAGE] = explain_page.standalone(
            found, f"{name}: {analysis.verdict.code}", locusts(environment)
        )
    return files


def locusts(environment: Any) -> str:
    """Return Locust's own tables as HTML."""
    stats, exceptions = environment.stats, environment.runner.exceptions.values()
    entries = [*sort_stats(stats.entries), stats.total]
    return "".join(
        (
            section(1, "Requests, as Locust counts them", REQUESTS, map(entry_row, entries), "Times in ms."),
            section(
                *(2, "Failures", ("Type", "Name", "Error", "How often")),
                ((one.method, one.name, one.error, one.occurrences) for one in sort_stats(stats.errors)),
            ),
            section(
                *(3, "Exceptions", ("Message", "Traceback", "How often")),
                ((one["msg"], one["traceback"], one["count"]) for one in exceptions),
            ),
        )
    )


def entry_row(entry: StatsEntry) -> tuple[object, ...]:
    """Return a row of Locust's statistics."""
    times: tuple[object, ...] = (None,) * 6  # of no request there is none, and 0 would be one
    if entry.num_requests:
        times = (
            entry.median_response_time,
            *(entry.get_response_time_percentile(share) for share in (0.95, 0.99)),
            *(entry.avg_response_time, entry.min_response_time, entry.max_response_time),
        )
    return entry.method, entry.name, entry.num_requests, entry.num_failures, *times, entry.total_rps


def as_json(value: object) -> str:
    return json.dumps(value, indent=1) + "\n"


def asked(environment: Any, begun: datetime, code: str | None) -> dict[str, Any]:
    """Return what was asked of a run."""
    options = environment.parsed_options
    given = {name: getattr(options, name, None) for name in OPTIONS}
    return {
        "form": FORM,
        "started": begun.isoformat(timespec="seconds"),
        "scenario": scenario_of(environment),
        "host": without_password(environment.host),
        "locust": locust.__version__,
        "options": {name: str(value) for name, value in given.items() if value not in (None, "")},
        "fingerprint": explain_fingerprint.fingerprint(environment, code, os.environ),
    }


def scenario_of(environment: Any) -> str:
    """Return what the users do: the locustfile's name, or the choice that scenarios.py has."""
    chosen = getattr(environment.parsed_options, "scenario", None)
    return chosen if isinstance(chosen, str) else "+".join(Path(file).stem for file in environment.parsed_locustfiles)


def without_password(address: str | None) -> str | None:
    """Return an address without who asks for it."""
    if not address:
        return address
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def over_time(rows: Rows, timeline: Timeline) -> None:
    """Write the run over time."""
    columns = [field.name for field in fields(Timeline)]
    rows.writerow(columns)
    for row in zip(*(getattr(timeline, name) for name in columns), strict=True):
        rows.writerow(row)


def mark_report(options: Any, analysis: Analysis) -> None:
    """Put the verdict on top of the report that Locust has written by --html."""
    if name := getattr(options, "html_file", None):
        # Without a report there is nothing to mark, and Locust has said why.
        with contextlib.suppress(OSError, UnicodeDecodeError):
            page = Path(name).read_text(encoding="utf-8")
            Path(name).write_text(with_verdict(page, analysis), encoding="utf-8")
