"""A sweep's folder for people: report.html, report.md and results.csv; and two sweeps or runs side by side.

`report.html` is one file that opens without a network: plotly's script is in it, and a policy in its head forbids the
browser every request.
"""

from __future__ import annotations

from pathlib import Path

import plotly.offline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

import explain_page
import explain_words
from sweep.decide.comparison import Comparison
from sweep.decide.findings import Findings
from sweep.folder import ResultsError, write_whole, writing
from sweep.report import side_by_side, spreadsheet, text
from sweep.report.charts import Chart
from sweep.report.view import View

TEMPLATES = Path(__file__).with_name("templates")
SHARED = explain_page.HERE / "web"  # what a run's page does, too, as copying


def render(folder: Path, findings: Findings) -> list[Path]:
    """Write all files, and return their paths. Whatever there is of a sweep will do.

    Raises:
        ResultsError: the folder cannot be written to.
    """
    view = View.of(findings)
    texts = {
        folder / "report.html": template("report.html.j2", view),
        folder / "report.md": template("report.md.j2", view),
        folder / "results.csv": spreadsheet.table(findings.runs, findings.prediction),
    }
    with writing(folder):
        for path, content in texts.items():
            write_whole(path, content)
    return list(texts)


def write_comparison(path: Path, comparison: Comparison, names: tuple[str, str]) -> None:
    """Write two sweeps or runs side by side as a page, in place of what has been such a page.

    Raises:
        ResultsError: it cannot be written, or something else is there.
    """
    mark = "<title>Compared: "
    with writing(path.parent):
        there = path.read_text(encoding="utf-8", errors="replace") if path.exists() else mark
        if mark not in there:
            raise ResultsError(f"--page={path}: holds something else: expected a new file")
        write_whole(path, filled("compare.html.j2", comparison=comparison, names=names, words=side_by_side))


def template(name: str, view: View) -> str:
    """Fill a template of the report."""
    return filled(
        name,
        view=view,
        info=view.info,
        recommendation=view.findings.recommendation,
        prediction=view.findings.prediction,
    )


def filled(name: str, **context: object) -> str:
    """Fill a template. In HTML every text is escaped."""
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, SHARED]),
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
        text.sentence,
        text.with_code,
        text.code,
        text.code_cell,
        text.fenced,
        figure_json,
    ):
        environment.filters[function.__name__] = function
    environment.filters["short"] = explain_words.figure  # as the analysis writes it
    return environment.get_template(name).render(context, plotly_js=plotly_js)


def figure_json(chart: Chart) -> str:
    """Return a chart's figure for a <script>, which no text in it can end."""
    return str(chart.figure.to_json()).replace("<", "\\u003c")


def plotly_js() -> str:
    """Return plotly's script, some 4 MB."""
    return str(plotly.offline.get_plotlyjs())
