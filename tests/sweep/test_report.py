"""What a sweep's folder says, in every state of a sweep."""

from __future__ import annotations

import csv
import functools
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from explain_laws import CPU_FULL
from sweep import charts
from sweep.predict import bound, demand_of
from sweep.report import TEMPLATES, View, render
from sweep.results import Results, ResultsError, create, load
from sweep.text import cell, code, code_cell, fenced, figure, percent, plain
from tests.sweep import samples

FILES = ["recommendation.json", "report.html", "report.md", "results.csv"]


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


@functools.cache
def rendered(folder: Path) -> Path:
    """Render a sweep, once however often it is looked at."""
    render(load(folder))
    return folder


@functools.cache
def page_of(folder: Path) -> Page:
    return Page((rendered(folder) / "report.html").read_text(encoding="utf-8"))


def markdown_of(folder: Path) -> str:
    return (rendered(folder) / "report.md").read_text(encoding="utf-8")


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (rendered(folder) / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def only_failed(folder: Path) -> Results:
    results = create(folder, samples.info(probe=False))
    results.append(samples.failed(1, 1, "gunicorn ended with 3\nModuleNotFoundError: No module named 'shop'"))
    results.append(samples.failed(2, 4, "Locust was the limit, twice", void=True))
    return results


def one_run(folder: Path) -> Results:
    results = create(folder, samples.info())
    results.append(samples.run(3, 6))
    return results


STATES: dict[str, Callable[[Path], Results]] = {
    "nothing": lambda folder: create(folder, samples.info(probe=False)),
    "only the probe": lambda folder: create(folder, samples.info()),
    "only failed": only_failed,
    "one run": one_run,
    "one run each": lambda folder: samples.sweep(folder, [(1, 1), (1, 36), (2, 18)], repeats=1),
    "no probe": lambda folder: samples.sweep(folder, [(1, 1), (1, 36)], about=samples.info(probe=False)),
    "grid": samples.sweep,
    "wide grid": lambda folder: samples.sweep(folder, [(2, threads) for threads in range(1, 31)], repeats=1),
}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
def test_every_state_of_a_sweep_has_all_files(state: Callable[[Path], Results], tmp_path: Path) -> None:
    results = state(tmp_path / "sweep")
    rendered(results.folder)
    assert sorted(
        path.name for path in results.folder.iterdir() if path.name not in ("sweep.json", "results.jsonl")
    ) == (sorted(FILES))
    page = page_of(results.folder)
    measured = [row for row in page.rows if row and re.fullmatch(r"\d+ × \d+", row[0])]
    assert len(measured) >= len({run.setting for run in results.runs})
    advice = json.loads((results.folder / "recommendation.json").read_text(encoding="utf-8"))
    assert advice["reason"].splitlines()[0] in " ".join(page.words.replace("\N{NO-BREAK SPACE}", " ").split())
    assert len(rows_of(results.folder)) == len(results.runs)


def test_the_page_shows_the_figures_of_the_data(grid: Results) -> None:
    page = page_of(grid.folder)
    view = View.of(grid)
    rows = {row[0]: row for row in page.rows if row and re.fullmatch(r"\d+ × \d+", row[0])}
    assert len(rows) == 32
    for one in view.measured:
        assert one.rps
        assert one.p95_ms
        rates = [run.analysis["load"]["rps"] for run in one.runs if run.analysis]
        assert one.rps.mean == pytest.approx(sum(rates) / 3)
        shown = rows[str(one.setting)]
        assert [shown[2], shown[5]] == [figure(one.rps.mean), figure(one.p95_ms.mean)]
        assert f"{one.limit} {figure(one.bound_rps)}" in shown[4]
        assert shown[6:8] == [figure(one.wait_ms), figure(one.app_ms)]
    bars = json.loads(page.figures["chart-bounds"])["data"][0]
    assert bars["x"] == pytest.approx([one.rps.mean for one in view.measured if one.rps])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ([(1, 1), (1, 36)], "36.0 times gunicorn's default, 1 × 1"),
        ([(1, 36), (2, 18)], "35.5 times the most that gunicorn's default, 1 × 1, could serve"),
        ([(1, 1)], ""),
    ],
    ids=["measured", "by its bound", "itself"],
)
def test_gain_over_gunicorns_default(settings: list[tuple[int, int]], expected: str, tmp_path: Path) -> None:
    assert View.of(samples.sweep(tmp_path / "sweep", settings, noise=0.0)).gain == expected


def test_recommended_first_then_by_throughput(grid: Results) -> None:
    view = View.of(grid)
    assert view.best is view.measured[0]
    assert view.measured[0].setting == view.recommendation.setting
    rates = [one.rps.mean for one in view.measured[1:] if one.rps]
    assert rates == sorted(rates, reverse=True)


def test_settings_that_cannot_be_recommended_say_why(mixed: Results) -> None:
    rows = {row[0]: row[1] for row in page_of(mixed.folder).rows if len(row) > 5}
    assert rows["1 × 36"] == "recommended"
    assert rows["2 × 18"] == "tied"
    assert "470 MB" in rows["9 × 4"]
    assert "above 150 ms" in rows["1 × 1"]
    assert rows["5 × 36"].startswith("failed")
    assert rows["3 × 36"].startswith("void Locust was the limit")


def test_what_was_left_out_is_told(mixed: Results) -> None:
    page = page_of(mixed.folder)
    assert "stopped by Ctrl-C" in page.words
    assert "2 settings that need not be measured" in page.words
    assert any(row[0] == "2 × 1" and row[1] == "at most 19.8 requests/s" for row in page.rows if len(row) == 2)
    assert "[31m" not in page.words
    text = markdown_of(mixed.folder)
    assert "stopped by Ctrl-C" in text
    assert "`at most 19.8 requests/s`" in text


def test_a_disturbed_setting_is_named(tmp_path: Path) -> None:
    results = samples.sweep(tmp_path / "sweep", [(1, 6), (3, 6)], repeats=1)
    render(results)
    for name in ("report.html", "report.md"):
        assert "Other programs" not in (results.folder / name).read_text()
    noisy = samples.run(2, 6)
    assert noisy.outside
    noisy.outside["others_utilization"] = 0.32
    results.append(noisy)
    render(results)
    for name in ("report.html", "report.md"):
        page = (results.folder / name).read_text()
        assert "Other programs" in page
        assert "2 × 6 (32%)" in page


def test_hostile_texts_stay_texts(mixed: Results) -> None:
    page = page_of(mixed.folder)
    assert samples.HOSTILE.splitlines()[0] in page.words
    assert not any(page.has(tag) for tag in ("b-", "i", "u", "img"))
    assert not [attributes for _, attributes in page.tags if "example.invalid" in str(attributes.get("src"))]
    for text in page.figures.values():
        json.loads(text)
        assert "<" not in text
    body = (mixed.folder / "report.html").read_text(encoding="utf-8")
    assert "alert(1)</script>" not in body


def test_hostile_texts_stay_texts_in_markdown(mixed: Results) -> None:
    text = markdown_of(mixed.folder)
    outside = re.sub(r"`[^`]*`", "", re.sub(r"(`{3,}).*?\1", "", text, flags=re.DOTALL))
    assert not re.search(r"script|@someone|\*\*bold|<[^/ds]", outside)
    tables = [line for line in text.splitlines() if line.startswith("| ")]
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
    assert widths == {3, 11}  # of the tables with two and with ten columns


def test_the_page_asks_for_nothing_from_outside(grid: Results) -> None:
    page = page_of(grid.folder)
    loaded = [
        attributes[name] for _, attributes in page.tags for name in ("src", "srcset", "data") if name in attributes
    ]
    assert loaded == []
    linked = [attributes.get("href") for tag, attributes in page.tags if tag == "link"]
    assert linked == ["data:,"]
    assert [tag for tag, _ in page.tags].count("script") == 2 + len(page.figures)
    policies = [attributes["content"] for _, attributes in page.tags if "http-equiv" in attributes]
    assert policies[0]
    assert policies[0].startswith("default-src 'none';")


def test_what_to_paste_is_the_recommendation(grid: Results) -> None:
    page = page_of(grid.folder)
    advice = json.loads((grid.folder / "recommendation.json").read_text(encoding="utf-8"))
    lines = [f"{name}={value}" for name, value in advice["env"].items()]
    for text in (advice["startup_command"], *advice["az"], "\n".join(lines)):
        assert text in page.words
    text = markdown_of(grid.folder)
    assert f"\n{advice['startup_command']}\n" in text
    assert "\n".join(lines) in text


def test_the_spreadsheet_has_the_runs(mixed: Results) -> None:
    rows = rows_of(mixed.folder)
    demand = demand_of(mixed)
    assert demand
    assert len(rows) == len(mixed.runs) == 20
    for row, run in zip(rows, mixed.runs, strict=True):
        assert (int(row["workers"]), int(row["threads"]), int(row["repeat"])) == (run.workers, run.threads, run.repeat)
        assert float(row["bound_rps"]) == pytest.approx(bound(run.setting, demand)[0])
        if run.analysis and run.outside:
            assert float(row["rps"]) == run.analysis["load"]["rps"]
            assert float(row["wait_p95_ms"]) == run.analysis["wait_ms"]["p95"]
            assert float(row["memory_peak_mb"]) == run.outside["memory_peak_mb"]
        else:
            assert row["rps"] == ""
            assert row["error"]
    assert [row["status"] for row in rows[-2:]] == ["failed", "void"]


def test_the_spreadsheet_has_no_formula(tmp_path: Path) -> None:
    results = create(tmp_path / "sweep", samples.info())
    results.append(samples.failed(1, 1, '=HYPERLINK("http://example.invalid","an app said so")\n2nd line'))
    (row,) = rows_of(results.folder)
    assert row["error"] == '\'=HYPERLINK("http://example.invalid","an app said so")'
    assert row["bound_rps"] == ""


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    results = samples.sweep(tmp_path / "sweep", [(1, 1)])
    results.folder = tmp_path / "gone"
    with pytest.raises(ResultsError, match="gone: expected a folder that can be written to") as caught:
        render(results)
    assert "\n" not in str(caught.value)


def test_a_folder_rendered_again_says_the_same(mixed: Results) -> None:
    paths = render(mixed)
    assert [path.name for path in paths] == FILES
    before = [path.read_bytes() for path in paths]
    assert [path.read_bytes() for path in render(load(mixed.folder))] == before


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "—"), (0.0, "0.00"), (9.738, "9.74"), (9.996, "10.0"), (35.94, "35.9"), (99.96, "100"), (3881.4, "3881")],
)
def test_figures(value: float | None, expected: str) -> None:
    assert figure(value) == expected


@pytest.mark.parametrize(
    ("share", "expected"), [(None, "—"), (0.004, "0.4%"), (0.0999, "10%"), (0.284, "28%"), (1, "100%")]
)
def test_percentages(share: float | None, expected: str) -> None:
    assert percent(share) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\t=1", "'=1"),
        ("a\nb", "a b"),
        (-1.5, -1.5),
        (None, None),
    ],
)
def test_spreadsheets_get_no_formula(value: object, expected: object) -> None:
    assert cell(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\rb\r\nc", "a\nb\nc"),
        ("\x1b]0;title\x07x", "x"),
        ("\x00\u202e", "��"),
        ("\ud800", "�"),
    ],
    ids=["colour", "ends of lines", "title", "controls", "surrogate"],
)
def test_logs_cannot_steer(value: str, expected: str) -> None:
    assert plain(value) == expected


def test_markdown_code_cannot_be_left() -> None:
    assert code("a`b|c\nd") == "`a'b|c d`"
    assert code_cell("a`b|c\nd") == "`a'b\\|c d`"
    assert code("") == ""
    assert fenced("```\nx") == "````\n```\nx\n````"


def test_texts_have_contrast_in_light_and_dark() -> None:
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    schemes = re.findall(r":root[^{]*\{([^}]*)\}", style)[:2]
    assert len(schemes) == 2
    for scheme in schemes:
        colours = {name: luminance(value) for name, value in re.findall(r"--([a-z-]+): #([0-9a-f]{6})", scheme)}
        pairs = [(text, back) for text in ("ink", "muted", "link", "wait", "bad", "good") for back in ("page", "card")]
        for text, back in [*pairs, ("good", "good-soft"), ("bad", "bad-soft"), ("ink", "good-soft"), ("card", "ink")]:
            lighter, darker = max(colours[text], colours[back]), min(colours[text], colours[back])
            assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (text, back)  # WCAG 2, AA


def luminance(colour: str) -> float:
    """Relative luminance as in WCAG 2."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_cpu_chart_and_the_analysis_agree_on_full() -> None:
    assert charts.CPU_FULL == CPU_FULL
