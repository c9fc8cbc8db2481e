"""One verdict of engines that know nothing of each other: `python explain_merge.py LOG ...`, with no Locust needed.

Each LOG is what a Locust with `--print-tally` wrote, one engine of Azure Load Testing for instance. What the engines
counted is put together before anything is calculated from it, so a percentile is that of all requests, and no mean of
percentiles. The thresholds are those of a run, for all engines together.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import explain_baseline
import explain_first
import explain_options
import explain_text
import explain_thresholds
from explain_analysis import analyse
from explain_baseline import BadBaselineError
from explain_engine import Engine, engine_in
from explain_first import First
from explain_generator import Load
from explain_tally import Tally
from explain_totals import Totals
from explain_types import Analysis
from explain_words import plural

# Machines' clocks differ, and a worker's birth is told by them.
CLOCKS_DIFFER = 2.0  # s
# Engines of one test run at the same time; those of two tests don't. Between the two lies a late start.
SAME_TEST, TOGETHER = 0.5, 0.9  # of the longest window


class UnusableLogError(Exception):
    """What a log says cannot be used: one line."""


@dataclass(frozen=True)
class Found:
    """An engine, and the log that it was found in."""

    log: str
    engine: Engine

    @property
    def end(self) -> float:
        """When its window ended."""
        return self.engine.begun + self.engine.seconds


# --- reading ----------------------------------------------------------------------------------------


def read(log: str) -> list[Found]:
    """Return the engines whose lines are in a log.

    Raises:
        UnusableLogError: there is none, or one that cannot be read.
    """
    found = []
    try:
        with Path(log).open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    engine = engine_in(line)
                except ValueError as error:
                    raise UnusableLogError(f"{log}: line {number}: {error}") from None
                if engine is not None:
                    found.append(Found(log, engine))
    except OSError as error:
        raise UnusableLogError(f"{log}: {error.strerror}: expected the log of a Locust with --print-tally") from None
    if not found:
        raise UnusableLogError(
            f"{log}: no engine's line in it: expected the log of a Locust with --print-tally, to its end"
        )
    return found


def check(all_found: Sequence[Found]) -> None:
    """Check that engines belong together.

    Raises:
        UnusableLogError: they don't.
    """
    first, seen = all_found[0], dict[str, str]()
    longest = max(found.engine.seconds for found in all_found)
    for found in all_found:
        engine, log = found.engine, found.log
        if engine.engine in seen:
            raise UnusableLogError(
                f"{log}: engine {engine.engine} is in {seen[engine.engine]} too: expected each engine once"
            )
        seen[engine.engine] = log
        for name in ("locust", "host"):
            value, expected = getattr(engine, name), getattr(first.engine, name)
            if value != expected:
                raise UnusableLogError(f"{log}: {name}={value}: expected {expected}, as in {first.log}")
        if engine.users <= 0 or engine.seconds <= 0:
            raise UnusableLogError(
                f"{log}: engine {engine.engine}: expected a run that goes on when all its users are there"
            )
        if min(found.end, first.end) - max(engine.begun, first.engine.begun) < SAME_TEST * longest:
            raise UnusableLogError(f"{log}: engine {engine.engine} ran at another time: expected that of {first.log}")


# --- merging ----------------------------------------------------------------------------------------


def tally_at(engine: Engine, begun: float) -> Tally:
    """Return what an engine counted, its times counted from another moment than its own window's start."""
    tally, later = Tally.from_dict(engine.tally), engine.begun - begun
    bins = round(later / tally.width)
    tally.bins = {number + bins: part for number, part in tally.bins.items()}
    for worker in tally.workers.values():
        unsure = CLOCKS_DIFFER if worker.born_after <= worker.born_before else 0.0
        worker.born_after += later - unsure
        worker.born_before += later + unsure
    return tally


def merged(engines: Sequence[Engine]) -> tuple[Analysis, Totals, float]:
    """Return the analysis of all engines' requests, what the thresholds look at, and how long that was."""
    begun = min(engine.begun for engine in engines)
    test_began = min(engine.begun - engine.start_s for engine in engines)
    tally, totals, first = Tally(), Totals(), list[First]()
    for engine in engines:
        part, later = tally_at(engine, begun), engine.begun - engine.start_s - test_began
        totals.merge(Totals.from_list(engine.others))
        totals.add_tally(part)
        tally.merge(part)
        first += [one._replace(start=one.start + later) for one in (First(*values) for values in engine.first)]
    explain_first.note(tally, first)
    paced = [engine.paced_rps for engine in engines]
    analysis = analyse(
        tally,
        sum(engine.users for engine in engines),
        mean([engine.seconds for engine in engines]),
        [Load.from_list(load) for engine in engines for load in engine.loads],
        min((engine.memory_mb for engine in engines if engine.memory_mb), default=None),
        None if None in paced else sum(rate for rate in paced if rate is not None),
        begun - test_began,
    )
    return analysis, totals, mean([engine.total_seconds for engine in engines])


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def together(all_found: Sequence[Found]) -> str:
    """Return how many engines there were, and for how long all of them put the app under load, where that differs."""
    count = plural(len(all_found), "engine")
    longest = max(found.engine.seconds for found in all_found)
    shared = min(found.end for found in all_found) - max(found.engine.begun for found in all_found)
    if shared >= TOGETHER * longest:
        return count
    return f"{count}, all of them for {shared:.0f} s of {longest:.0f} s only, so the load changed meanwhile"


# --- the command ------------------------------------------------------------------------------------


def parser() -> argparse.ArgumentParser:
    """Return the command line: the logs, and a run's own options for what to do with an analysis."""
    made = argparse.ArgumentParser(prog="explain_merge.py", description=str(__doc__).splitlines()[0])
    made.add_argument("logs", nargs="+", metavar="LOG", help="What a Locust with --print-tally wrote")

    def add(option: str, env_var: str, **how: Any) -> None:  # a variable is for the engines, not for this
        made.add_argument(option, **how)

    explain_options.add_targets(add)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Print the verdict on all logs together; return 0, or 3 if a threshold is missed."""
    options = parser().parse_args(argv)
    baseline = None
    if options.analysis_json and (problem := explain_options.check_file(options.analysis_json)):
        sys.exit(problem)
    try:
        if options.check_against:
            baseline = explain_baseline.read(options.check_against, Path(options.check_against))
        all_found = [found for log in options.logs for found in read(log)]
        check(all_found)
        analysis, totals, seconds = merged([found.engine for found in all_found])
    except (UnusableLogError, BadBaselineError) as error:
        sys.exit(str(error))
    print(f"{together(all_found)}\n{explain_text.text(analysis)}")
    if options.analysis_json:
        Path(options.analysis_json).write_text(json.dumps(asdict(analysis), indent=1) + "\n", encoding="utf-8")
    checks = explain_thresholds.checked(options, totals, seconds)
    if baseline:
        checks += explain_baseline.checked(baseline, analysis, None, options)
    for made in checks:
        print(made.line, file=sys.stdout if made.met else sys.stderr)
    return explain_thresholds.EXIT_CODE if explain_thresholds.missed(checks) else 0


if __name__ == "__main__":
    sys.exit(main())
