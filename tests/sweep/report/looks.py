"""What several tests of the report look at."""

from __future__ import annotations

import csv
import functools
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

from sweep import session
from sweep.decide.findings import Findings
from sweep.folder import Results, load
from sweep.report.view import View

# By how much a page is wider than its window, in px.
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def view_of(results: Results) -> View:
    """What the report shows of a sweep."""
    return View.of(Findings.of(results))


def luminance(rgb: Sequence[float]) -> float:
    """Relative luminance as in WCAG 2, of red, green and blue from 0 to 1."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: float, other: float) -> float:
    """Contrast of two luminances as in WCAG 2."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


@functools.cache
def rendered(folder: Path) -> Path:
    """Write what a sweep came to, once however often it is looked at."""
    results = load(folder)
    session.finish(results, Findings.of(results))
    return folder


@functools.cache
def page_of(folder: Path) -> Page:
    return Page((rendered(folder) / "report.html").read_text(encoding="utf-8"))


def as_read(page: Page) -> str:
    """The page's words with a space between them, wherever a line ends and whatever may not be broken."""
    return " ".join(page.words.replace("\N{NO-BREAK SPACE}", " ").split())


def markdown_of(folder: Path) -> str:
    return (rendered(folder) / "report.md").read_text(encoding="utf-8")


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (rendered(folder) / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Page(HTMLParser):
    """The parts of a page that tests look at.

    Attributes:
        tags: every tag with its attributes, in order.
        figures: plotly's figures by id.
        rows: the text of each row's cells, of all tables.
        words: all text that is shown.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.figures: dict[str, str] = {}
        self.rows: list[list[str]] = []
        self.words = ""
        self.chart: str | None = None
        self.inside, self.in_row = "", False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = tag
        if tag == "script":
            self.chart = dict(attrs).get("data-chart")
        elif tag == "tr":
            self.rows.append([])
            self.in_row = True
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.inside, self.chart = "", None
        if tag == "tr":
            self.rows[-1] = [" ".join(text.split()) for text in self.rows[-1]]
            self.in_row = False

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            if self.chart:
                self.figures[self.chart] = self.figures.get(self.chart, "") + data
        elif self.inside != "style":
            self.words += data
            if self.in_row and self.rows[-1]:
                self.rows[-1][-1] += data

    def has(self, tag: str) -> bool:
        return any(name == tag for name, _ in self.tags)
