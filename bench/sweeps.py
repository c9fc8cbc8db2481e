"""How good is the sweep? Its recommendation against a grid, for known apps: `python -m bench.sweeps [NAME ...]`.

For each case: a sweep that decides itself; a grid, one short window each; and then the recommended setting beside the
best of the grid and of the sweep's own runs, in shuffled order. The last step is what counts, as the best of many
single windows is partly luck. Which of them fail is judged here and not by the sweep's own rule, or a good setting that
this rule rejects would be missing in both. The cases are those of tests/truth/known.py that say `sweep`, and the
scenarios of the sample app; `rules` measures the rules of thumb with the latter.

Keeps its figures in bench/figures/sweeps.json, each step at once: what was measured is not measured again, unless the
case is named. Writes docs/sweeps.md. Four to six minutes a case; needs two cores that nothing else uses.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

import plans
from bench import FIGURES, sweeps_page
from bench.report import save
from explain_laws import Setting
from sweep import ROOT, cli
from sweep.decide.cells import Cell
from sweep.decide.findings import Findings
from sweep.decide.search import shuffled
from sweep.duration import window
from sweep.folder import create, load
from sweep.loop import Sweep
from sweep.measure.preflight import preflight
from sweep.measure.target import environment_of, target_of
from sweep.report.progress import Bar
from sweep.session import RESERVED
from tests.truth.campaign import USERS
from tests.truth.known import KNOWN, Known
from tests.truth.services import missing, needs

GRID = [Setting(*pair) for pair in ((1, 6), (1, 18), (1, 36), (2, 3), (2, 9), (3, 6), (3, 12), (5, 4), (8, 2))]
GRID_SECONDS, RULES_SECONDS = 3.0, 4.0
FINAL_SHARE = 2 / 3  # of the sweep's windows
FINALISTS, WINDOWS = 2, 2
FAILING_MOST = 0.01  # of the requests, beyond what fails with the setting that fails least
SAMPLE = ("io_bound", "cpu_bound", "mixed")
JSON = FIGURES / "sweeps.json"
REPORTS = ROOT / "reports"


@dataclass(frozen=True)
class Case:
    """An app that is swept.

    Attributes:
        what: where its requests wait, in words.
        args: of the sweep.
        environ: what the app and the scenario read.
        services: what the app needs.
    """

    what: str
    args: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    services: tuple[str, ...] = ()


def of_known(known: Known) -> Case:
    """Return a case of tests/truth/ as one to sweep."""
    args = ["--app", f"tests.truth.apps.{known.app}:app", "--scenario", str(USERS / f"{known.scenario}.py")]
    args += ["--users", str(known.users), *(["--pause", known.pause] if known.pause != "0" else [])]
    return Case(known.what, tuple(args), {"TRUTH_VISITS": known.visits}, known.services)


CASES = {name: of_known(known) for name, known in KNOWN.items() if known.sweep} | {
    name: Case("the sample app", ("--scenario", name)) for name in SAMPLE
}


def swept(name: str, case: Case, folder: Path) -> dict[str, Any]:
    """Sweep, or go on with a sweep that was ended, and return what came of it."""
    began, goes_on = time.monotonic(), (folder / "sweep.json").exists()
    args = ["--resume"] if goes_on else [*case.args, "--seed", "1"]
    status = cli.main([*args, "--out", str(folder)])
    seconds = None if goes_on else round(time.monotonic() - began)
    results = load(folder)
    findings = Findings.of(results)
    if status not in (0, RESERVED) or findings.best is None:
        raise click.ClickException(f"{name}: the sweep ended with status {status}: {findings.recommendation.reason}")
    return {
        "setting": str(findings.best.setting),
        "tied_with": [str(tie) for tie in findings.recommendation.tied_with],
        "reason": findings.recommendation.reason,
        "reservation": findings.recommendation.reservation,
        "measured": len({run.setting for run in results.runs}),
        "seconds": seconds,
        "by_response": bool(findings.ranking and findings.ranking.by_response),
        "cells": cells_of(findings),
    }


def side_by_side(name: str, folder: str, settings: Sequence[Setting], windows: int, seconds: float) -> Findings:
    """Measure settings as the sweep in a folder did, in an order shuffled anew for each window."""
    like = load(REPORTS / folder).info
    info = msgspec.structs.replace(like, options=msgspec.structs.replace(like.options, seconds=seconds), check=None)
    results = create(REPORTS / f"{folder}-{name}-{time.strftime('%H%M%S')}", info)
    target = target_of(info.options, plans.load()[info.options.plan])
    with Bar(Console(stderr=True)) as bar:
        work = Sweep(results, target, bar)
        with work.running():
            for number in range(windows):
                for setting in shuffled(settings, 0, number):
                    work.step(setting, number, 0)
    return Findings.of(results)


def cells_of(findings: Findings) -> list[dict[str, Any]]:
    """Return the figures of the settings that ran and of which few requests failed, as the JSON has them."""
    ran = [cell for cell in findings.cells if cell.rps and all(run.ok for run in cell.runs)]
    least = min((cell.count.share for cell in ran), default=0.0)
    return [figures(cell) for cell in ran if cell.count.share <= least + FAILING_MOST]


def figures(cell: Cell) -> dict[str, Any]:
    """Return the figures of a setting."""
    return {
        "setting": str(cell.setting),
        "rps": round(cell.rate, 1),
        "p95_ms": round(cell.p95),
        "failed": round(cell.count.share, 4),
        "cpu_utilization": cell.cpu_utilization,
        "memory_mb": cell.memory_mb,
    }


def setting_of(text: str) -> Setting:
    """Return the setting that is written so."""
    workers, threads = map(int, text.split(" × "))
    return Setting(workers, threads)


def against_grid(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Measure those of the grid that the sweep has not measured itself."""
    results = load(REPORTS / row["begun"])
    seconds = max(GRID_SECONDS, window(results.info.unloaded, results.info.options.users) / 2)
    todo = [setting for setting in GRID if setting not in {run.setting for run in results.runs}]
    return cells_of(side_by_side("grid", row["begun"], todo, 1, seconds))


def best_first(cells: Sequence[dict[str, Any]], by_response: bool) -> list[dict[str, Any]]:
    """Return cells in order: by the p95 of users who think, else by throughput."""
    return sorted(cells, key=lambda cell: float(cell["p95_ms"] if by_response else -cell["rps"]))


def finals(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Measure the recommended setting beside the best of the grid and of the sweep's own runs."""
    of_sweep = row["sweep"]
    others = [cell for cell in [*row["grid"], *of_sweep["cells"]] if cell["setting"] != of_sweep["setting"]]
    order = [cell["setting"] for cell in best_first(others, of_sweep["by_response"])]
    settings = [of_sweep["setting"], *list(dict.fromkeys(order))[:FINALISTS]]
    results = load(REPORTS / row["begun"])
    seconds = FINAL_SHARE * window(results.info.unloaded, results.info.options.users)
    return cells_of(side_by_side("final", row["begun"], list(map(setting_of, settings)), WINDOWS, seconds))


def measure(name: str, row: dict[str, Any], keep: Callable[[dict[str, Any]], None], until: float) -> None:
    """Do what a case lacks, a step after the other, and none after a time."""
    case = CASES[name]
    row["what"] = case.what
    if "begun" not in row:
        row["begun"] = f"bench-{name}-{time.strftime('%Y%m%d-%H%M%S')}"
        keep(row)
    with needs(case.services) as services:
        os.environ.update({**case.environ, **services})
        steps: dict[str, Callable[[], Any]] = {
            "sweep": lambda: swept(name, case, REPORTS / row["begun"]),
            "grid": lambda: against_grid(row),
            "final": lambda: finals(row),
        }
        for step, work in steps.items():
            if step not in row:
                if time.monotonic() > until:
                    return
                row[step] = work()
                keep(row)


def rules(scenario: str) -> list[dict[str, Any]]:
    """Measure the rules of thumb with a scenario of the sample app."""
    folder = REPORTS / f"bench-rules-{scenario}-{time.strftime('%Y%m%d-%H%M%S')}"
    wanted = [setting_of(text) for text in sweeps_page.RULES]
    pairs = (",".join(map(str, sorted({getattr(rule, name) for rule in wanted}))) for name in ("workers", "threads"))
    workers, threads = pairs
    args = ["--scenario", scenario, "--repeats", "1", "--seconds", str(RULES_SECONDS)]
    cli.main([*args, "--workers", workers, "--threads", threads, "--out", str(folder)])
    found = cells_of(Findings.of(load(folder)))
    return [cell for cell in found if setting_of(cell["setting"]) in wanted]


def read() -> dict[str, Any]:
    """Return the figures so far."""
    if not JSON.exists():
        return {"machine": {}, "apps": {}, "rules": {}}
    found: dict[str, Any] = json.loads(JSON.read_text(encoding="utf-8"))
    return found


def write(found: dict[str, Any]) -> None:
    """Keep the figures, in the order of the cases, and write the page."""
    found["apps"] = {name: found["apps"][name] for name in CASES if name in found["apps"]}
    save(JSON, found)
    sweeps_page.PAGE.write_text(sweeps_page.render(found), encoding="utf-8")


@click.command()
@click.argument("names", nargs=-1)
@click.option("--minutes", type=click.FloatRange(0), default=600.0, help="Begin no further step after so long.")
def main(names: tuple[str, ...], minutes: float) -> None:
    """Measure the cases NAMES; all that are not measured yet without one."""
    if unknown := [name for name in names if name not in (*CASES, "rules")]:
        raise click.ClickException(f"{unknown[0]!r}: expected some of {', '.join(CASES)}, rules")
    found, until = read(), time.monotonic() + 60 * minutes
    for name in names or (*CASES, "rules"):
        if name == "rules":
            for scenario in SAMPLE:
                if scenario not in found["rules"]:
                    found["rules"][scenario] = rules(scenario)
            write(found)
            continue
        if packages := missing(CASES[name].services, ""):
            click.echo(f"{name}: skipped, as {' and '.join(packages)} is not installed", err=True)
            continue
        if time.monotonic() > until:
            break
        row = found["apps"].get(name, {})
        if names and "final" in row:
            row = {}

        def keep(row: dict[str, Any], name: str = name) -> None:
            found["apps"][name] = row
            if "sweep" in row:
                options = load(REPORTS / row["begun"]).info.options
                target = target_of(options, plans.load()[options.plan])
                found["machine"] = environment_of(target, preflight(options).versions)
            write(found)

        measure(name, row, keep, until)
    click.echo(sweeps_page.PAGE.read_text(encoding="utf-8"))
    missed = sweeps_page.shortfalls(found)
    for line in missed:
        click.echo(line, err=True)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
