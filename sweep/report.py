"""A sweep's folder for people: report.html, report.md, results.csv, next to recommendation.json.

`report.html` is one file that opens without a network: plotly's script is in it, and a policy in its head forbids the
browser every request.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plotly.offline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from sweep import charts, heatmaps, recommend, text
from sweep.cell import DISTURBED
from sweep.charts import Chart
from sweep.predict import Demand, bound, demand_of
from sweep.recommend import Recommendation, obstacle
from sweep.results import Info, Results, ResultsError, Run, Setting, write_whole
from sweep.summary import Cell, cells

TEMPLATES = Path(__file__).with_name("templates")


def render(results: Results) -> list[Path]:
    """Write all files, and return their paths. Whatever there is of a sweep will do.

    Raises:
        ResultsError: the folder cannot be written to.
    """
    view = View.of(results)
    texts = {
        "report.html": template("report.html.j2", view),
        "report.md": template("report.md.j2", view),
        "results.csv": csv_text(results.runs, view.demand),
    }
    try:
        recommend.write(results.folder, view.recommendation)
        for name, content in texts.items():
            write_whole(results.folder / name, content)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ResultsError(f"{results.folder}: expected a folder that can be written to ({reason})") from None
    return [results.folder / name for name in ("recommendation.json", *texts)]


@dataclass(frozen=True)
class View:
    """What the templates show.

    Attributes:
        info: of the sweep.
        demand: of a request; None without a probe.
        recommendation: what to ship.
        best: its cell; None without one.
        measured: the settings with figures or a failure: recommended first, then by throughput, failures last.
        skipped: the settings that were not measured.
    """

    info: Info
    demand: Demand | None
    recommendation: Recommendation
    best: Cell | None
    measured: tuple[Cell, ...]
    skipped: tuple[Cell, ...]

    @classmethod
    def of(cls, results: Results) -> View:
        """Take everything together."""
        demand = demand_of(results)
        every = cells(results, demand)
        recommendation = recommend.recommend(every, results.info)
        chosen = recommendation.setting

        def rank(cell: Cell) -> tuple[bool, bool, float]:
            return cell.setting != chosen, cell.state != "ok", -(cell.rps.mean if cell.rps else 0.0)

        return cls(
            info=results.info,
            demand=demand,
            recommendation=recommendation,
            best=next((cell for cell in every if cell.setting == chosen), None),
            measured=tuple(sorted((cell for cell in every if cell.state != "skipped"), key=rank)),
            skipped=tuple(cell for cell in every if cell.state == "skipped"),
        )

    @property
    def good(self) -> list[Cell]:
        """The settings whose figures count."""
        return [cell for cell in self.measured if cell.state == "ok" and cell.rps]

    @property
    def failed(self) -> list[Cell]:
        """The settings that failed or are void."""
        return [cell for cell in self.measured if cell.state != "ok"]

    @property
    def disturbed(self) -> list[Cell]:
        """The settings with a run in which other programs took much of gunicorn's cores, twice in a row."""
        return [cell for cell in self.measured if (cell.others or 0.0) > DISTURBED]

    @property
    def gain(self) -> str:
        """How the recommended setting compares with gunicorn's default, as far as that is known."""
        plain, best = Setting(1, 1), self.best
        if best is None or best.rps is None or best.setting == plain:
            return ""
        measured = next((cell.rps for cell in self.good if cell.setting == plain), None)
        if measured:
            return f"{text.figure(best.rps.mean / measured.mean)} times gunicorn's default, {plain}"
        if self.demand:
            most = bound(plain, self.demand)[0]
            return f"{text.figure(best.rps.mean / most)} times the most that gunicorn's default, {plain}, could serve"
        return ""

    @property
    def skipped_by_reason(self) -> dict[str, list[Cell]]:
        """The skipped settings under each reason."""
        grouped: dict[str, list[Cell]] = {}
        for cell in self.skipped:
            grouped.setdefault(cell.note, []).append(cell)
        return grouped

    @property
    def progress(self) -> str:
        """Whether this is all, in words."""
        if self.info.finished:
            return "complete"
        return f"stopped by {self.info.stopped}" if self.info.stopped else "not finished"

    def standing(self, cell: Cell) -> str:
        """Return what a measured setting is to the recommendation, in a few words."""
        if cell is self.best:
            return "recommended"
        reason = obstacle(cell, self.info)
        if reason:
            return reason
        return "tied" if cell.setting in self.recommendation.tied_with else "measured"

    def maps(self) -> list[Chart]:
        """Return the heatmaps; none where no setting is known."""
        every, best = [*self.measured, *self.skipped], self.recommendation.setting
        return [heatmaps.throughput(every, best), heatmaps.latency(every, best)] if every else []

    def charts(self) -> list[Chart]:
        """Return the charts with a row for each setting that has figures."""
        good, best = self.good, self.recommendation.setting
        if not good:
            return []
        made = [
            charts.against_bounds(good, best),
            charts.response_split(good, best),
            charts.cpu(good, best, self.info),
            charts.memory(good, best, self.info),
            charts.spread(good, best),
        ]
        return [chart for chart in made if chart]

    def options(self) -> dict[str, str]:
        """Return the sweep's options as text, without those that are not set."""
        shown = {}
        for name, value in self.info.options.items():
            if isinstance(value, dict):
                value = " ".join(f"{key}={held}" for key, held in value.items())  # noqa: PLW2901 one loop, one text
            elif isinstance(value, (list, tuple)):
                value = ",".join(str(item) for item in value)  # noqa: PLW2901
            if value not in (None, "", False):
                shown[name] = str(value)
        return shown


def template(name: str, view: View) -> str:
    """Fill a template. In HTML every text is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default_for_string=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for function in (
        text.figure,
        text.whole,
        text.percent,
        text.unbroken,
        text.plain,
        text.first_line,
        text.other_lines,
        text.one_line,
        text.code,
        text.code_cell,
        text.fenced,
        figure_json,
    ):
        environment.filters[function.__name__] = function
    context = {"view": view, "info": view.info, "recommendation": view.recommendation, "plotly_js": plotly_js}
    return environment.get_template(name).render(context)


def figure_json(chart: Chart) -> str:
    """Return a chart's figure for a <script>, which no text in it can end."""
    return str(chart.figure.to_json()).replace("<", "\\u003c")


def plotly_js() -> str:
    """Return plotly's script, some 4 MB."""
    return str(plotly.offline.get_plotlyjs())


# --- results.csv -------------------------------------------------------------------------------------


def csv_text(runs: Sequence[Run], demand: Demand | None) -> str:
    """Return the runs as a table for a spreadsheet."""
    made = io.StringIO()
    lines = [csv_row(run, demand) for run in runs]
    writer = csv.DictWriter(made, csv_row(Run(1, 1, 0, "ok"), demand))
    writer.writeheader()
    writer.writerows(lines)
    return made.getvalue()


def csv_row(run: Run, demand: Demand | None) -> dict[str, Any]:
    """Return a run as one flat row, its keys with their units; None where there is no figure."""
    analysis, outside = run.analysis or {}, run.outside or {}
    load, verdict = analysis.get("load", {}), analysis.get("verdict", {})
    rate, limit = bound(run.setting, demand) if demand else (None, None)
    row: dict[str, Any] = {
        "workers": run.workers,
        "threads": run.threads,
        "slots": run.setting.slots,
        "repeat": run.repeat,
        "status": "void" if run.void else run.status,
        "error": text.first_line(run.error or ""),
        **{name: load.get(name) for name in ("rps", "requests", "failures")},
    }
    for kind in ("response", "wait", "app"):
        times = analysis.get(f"{kind}_ms", {})
        row |= {f"{kind}_{name}_ms": times.get(name) for name in ("mean", "p50", "p95", "p99")}
    row |= {
        "cpu_mean_ms": analysis.get("cpu_ms", {}).get("mean"),
        "slots_busy": analysis.get("slots_busy"),
        "slot_utilization": analysis.get("slot_utilization"),
        **{
            name: outside.get(name) for name in ("cpu_utilization", "memory_peak_mb", "workers_started", "workers_died")
        },
        "bound_rps": rate,
        "limit": limit,
        "verdict": verdict.get("code"),
        "seconds": outside.get("seconds"),
    }
    return {name: text.cell(value) for name, value in row.items()}
