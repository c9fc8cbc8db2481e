"""How good is the sweep? Its recommendation against the best of a whole grid: `python -m bench.sweeps [SCENARIO …]`.

For each scenario: two sweeps with different seeds that decide themselves, the grid of 32 settings, one window each, and
then the recommended settings beside the three best of the grid, in shuffled order and three windows each. The last
step is what counts: the best of 32 single windows is partly luck.

Writes docs/sweeps.md. About 12 minutes a scenario; needs two cores that nothing else uses.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console

import plans
from bench import DOCS, FIGURES
from explain_laws import Setting
from sweep import ROOT, cli
from sweep.decide.cells import Cell
from sweep.decide.findings import Findings
from sweep.decide.search import shuffled
from sweep.folder import Results, create, load
from sweep.loop import Sweep
from sweep.measure.preflight import preflight
from sweep.measure.target import environment_of, target_of
from sweep.options import SCENARIOS, Options
from sweep.report.progress import Bar

WORKERS, THREADS = "1,2,3,5", "1,2,4,6,9,12,18,36"
GRID_SECONDS = 4
# Rules of thumb, as settings for one vCPU.
RULES = {
    "1 × 1": "gunicorn's default",
    "3 × 1": "2 × CPU + 1 workers",
    "3 × 6": "this stack's default",
    "1 × 36": "a thread for each user",
    "3 × 12": "2 × CPU + 1 workers, a thread for each user",
}
FINALISTS, WINDOWS = 3, 3
SEEDS = (1, 2)
# What is promised: this much of the grid's best, and for an app that computes at most this much of the cheapest tie.
LEAST = {"io_bound": 0.97, "cpu_bound": 0.95, "mixed": 0.95}
MEMORY_MOST = 1.2
JSON, PAGE = FIGURES / "sweeps.json", DOCS / "sweeps.md"
REPORTS = ROOT / "reports"


@dataclass(frozen=True)
class Finished:
    """A sweep that has ended: its folder, what it found, and how long it took in s."""

    results: Results
    findings: Findings
    seconds: float

    @property
    def measured(self) -> list[Cell]:
        """The cells that were measured, the fastest first."""
        return sorted((cell for cell in self.findings.cells if cell.rps), key=lambda cell: -cell.rate)


def run_sweep(name: str, *args: str) -> Finished:
    """Run a sweep by its command line, into reports/."""
    folder = REPORTS / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    began = time.monotonic()
    status = cli.main([*args, "--out", str(folder)])
    if status:
        raise SystemExit(f"sweep {' '.join(args)}: ended with status {status}")
    return finished(load(folder), time.monotonic() - began)


def finished(results: Results, seconds: float) -> Finished:
    """Read what a sweep found."""
    return Finished(results, Findings.of(results), seconds)


def final(scenario: str, like: Results, settings: Sequence[Setting]) -> Finished:
    """Measure settings side by side, as the sweep measures, in an order shuffled anew for each window."""
    options = like.info.options
    folder = REPORTS / f"bench-{scenario}-final-{time.strftime('%Y%m%d-%H%M%S')}"
    results = create(folder, like.info)
    target = target_of(options, plans.load()[options.plan])
    began = time.monotonic()
    with Bar(Console(stderr=True)) as bar:
        work = Sweep(results, target, bar)
        with work.running():
            for window in range(WINDOWS):
                for setting in shuffled(settings, 0, window):
                    work.step(setting, window, 0)
    return finished(results, time.monotonic() - began)


def of_scenario(scenario: str) -> dict[str, Any]:
    """Return the figures of one scenario."""
    sweeps = [run_sweep(f"bench-{scenario}-{seed}", "--scenario", scenario, "--seed", str(seed)) for seed in SEEDS]
    recommendations = [sweep.findings.recommendation for sweep in sweeps]
    chosen = [recommendation.setting for recommendation in recommendations if recommendation.setting]
    grid = run_sweep(
        f"bench-{scenario}-grid",
        *("--scenario", scenario, "--workers", WORKERS, "--threads", THREADS),
        *("--repeats", "1", "--seconds", str(GRID_SECONDS), "--seed", "1"),
    )
    best = [cell.setting for cell in grid.measured[:FINALISTS]]
    last = final(scenario, sweeps[0].results, list(dict.fromkeys([*chosen, *best]))).findings
    top = max(last.by_setting[setting].rate for setting in best)
    tied = [cell for cell in last.cells if cell.rps and cell.rate >= top * 0.98]
    cheapest = min(cell.memory_mb or 0.0 for cell in [*tied, *ties(grid)])
    return {
        "scenario": scenario,
        "sweeps": [
            {
                "seed": seed,
                "setting": str(setting),
                "tied_with": [str(tie) for tie in recommendation.tied_with],
                "measured": len(sweep.measured),
                "runs": len(sweep.results.runs) + 1,
                "seconds": round(sweep.seconds),
                "rps": round(last.by_setting[setting].rate, 1),
                "of_best": round(last.by_setting[setting].rate / top, 3),
                "memory_mb": last.by_setting[setting].memory_mb,
            }
            for seed, sweep, setting, recommendation in zip(SEEDS, sweeps, chosen, recommendations, strict=True)
        ],
        "grid": {
            "measured": len(grid.measured),
            "seconds": round(grid.seconds),
            "best": [{"setting": str(setting), "rps": round(last.by_setting[setting].rate, 1)} for setting in best],
            "cheapest_tie_mb": cheapest,
            "cells": [figures(cell) for cell in grid.measured],
        },
    }


def figures(cell: Cell) -> dict[str, Any]:
    """Return what sweeps.json says of a cell of the grid."""
    return {
        "setting": str(cell.setting),
        "rps": round(cell.rate, 1),
        "p95_ms": round(cell.p95_ms.mean) if cell.p95_ms else None,
        "cpu_utilization": cell.cpu_utilization,
        "memory_mb": cell.memory_mb,
    }


def ties(grid: Finished) -> list[Cell]:
    """Return the cells of the grid within 3 % of the mean of its three best."""
    ordered = grid.measured
    top = fmean(cell.rate for cell in ordered[:FINALISTS])
    return [cell for cell in ordered if cell.rate >= 0.97 * top]


def page(rows: Sequence[dict[str, Any]], about: dict[str, str]) -> str:
    """Return docs/sweeps.md."""
    grid = f"{len(WORKERS.split(','))} × {len(THREADS.split(','))}"
    titles = ["scenario", "seed", "recommended", "settings measured", "took", "requests/s"]
    titles += ["grid's best", "of the best", "memory", "cheapest tie"]
    lines = [
        "# What the sweep finds, against a whole grid",
        "",
        "Written by `make bench-sweep`. 36 users on B1 (1 vCPU). For each scenario two sweeps with different seeds,",
        f"the grid of {grid} settings (workers {WORKERS}; threads {THREADS}) with one window of {GRID_SECONDS} s each,",
        f"and then the recommended settings beside the grid's {FINALISTS} best, {WINDOWS} windows each in shuffled",
        "order: the figures here are of these. A tie of the grid is within 3 % of the mean of its three best.",
        "",
        f"| {' | '.join(titles)} |",
        f"|{' --- |' * len(titles)}",
    ]
    for row in rows:
        best = max(row["grid"]["best"], key=lambda cell: float(cell["rps"]))
        for sweep in row["sweeps"]:
            columns = [
                row["scenario"],
                sweep["seed"],
                sweep["setting"],
                f"{sweep['measured']} of {row['grid']['measured']}",
                f"{sweep['seconds']} s",
                sweep["rps"],
                f"{best['rps']} ({best['setting']})",
                f"{sweep['of_best']:.3f}",
                f"{sweep['memory_mb']:.0f} MB",
                f"{row['grid']['cheapest_tie_mb']:.0f} MB",
            ]
            lines.append(f"| {' | '.join(map(str, columns))} |")
    lines += ["", "Tied, by the sweeps' own intervals:", ""]
    for row in rows:
        for sweep in row["sweeps"]:
            others = ", ".join(sweep["tied_with"]) or "nothing"
            lines.append(f"- {row['scenario']}, seed {sweep['seed']}: {sweep['setting']} with {others}")
    lines += ["", "Rules of thumb, in the grid's single windows: requests/s, and p95 in ms.", ""]
    lines += [f"| setting | | {' | '.join(row['scenario'] for row in rows)} |", "| --- | --- |" + " --- |" * len(rows)]
    for setting, rule in RULES.items():
        cells = [next(cell for cell in row["grid"]["cells"] if cell["setting"] == setting) for row in rows]
        lines.append(f"| {setting} | {rule} | " + " | ".join(f"{c['rps']} ({c['p95_ms']})" for c in cells) + " |")
    lines += ["", "Measured on: " + ", ".join(f"{name} {value}" for name, value in about.items()) + ".", ""]
    return "\n".join(lines)


def main(argv: Sequence[str], measure: Callable[[str], dict[str, Any]] = of_scenario) -> int:
    """Measure, write, and return the exit status."""
    unknown = [name for name in argv if name not in SCENARIOS]
    if unknown:
        print(f"scenario={unknown[0]}: expected some of {', '.join(SCENARIOS)}", file=sys.stderr)
        return 2
    before = json.loads(JSON.read_text(encoding="utf-8"))["scenarios"] if JSON.exists() else []
    rows = {row["scenario"]: row for row in before}
    for scenario in argv or SCENARIOS:
        rows[scenario] = measure(scenario)
        options = Options.of(scenario=scenario)
        target = target_of(options, plans.load()[options.plan])
        about = environment_of(target, preflight(options).versions)
        ordered = [rows[name] for name in SCENARIOS if name in rows]
        write(JSON, json.dumps({"machine": about, "scenarios": ordered}, indent=1) + "\n")
        write(PAGE, page(ordered, about))
    print(PAGE.read_text(encoding="utf-8"))
    missed = [line for row in rows.values() for line in shortfalls(row)]
    for line in missed:
        print(line, file=sys.stderr)
    return 1 if missed else 0


def shortfalls(row: dict[str, Any]) -> list[str]:
    """Return one line for each promise that a scenario's sweeps have not kept."""
    lines = []
    name, least = row["scenario"], LEAST[row["scenario"]]
    for sweep in row["sweeps"]:
        if sweep["of_best"] < least:
            lines.append(f"{name}, seed {sweep['seed']}: {sweep['of_best']} of the best, expected {least} or more")
        if name == "cpu_bound" and sweep["memory_mb"] > MEMORY_MOST * row["grid"]["cheapest_tie_mb"]:
            lines.append(f"{name}, seed {sweep['seed']}: {sweep['memory_mb']} MB, expected the cheapest tie's and 20 %")
    settings = [sweep["setting"] for sweep in row["sweeps"]]
    if not all(setting == settings[0] or setting in row["sweeps"][0]["tied_with"] for setting in settings):
        lines.append(f"{name}: {', '.join(settings)}: expected the same, or a tie")
    return lines


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
