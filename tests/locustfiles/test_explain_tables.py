"""Tables and the verdict in HTML: whatever an app says is text, and no table is endless."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import get_args

import pytest
from locust.stats import RequestStats

import explain_page
from explain_analysis import analyse_records
from explain_keep import entry_row
from explain_tables import MOST_ROWS, MOST_TEXT, section, with_verdict
from explain_types import Code, Verdict
from tests.locustfiles.samples import run

HOSTILE = "</td><script>alert(1)</script>&\"'"


def test_texts_are_texts() -> None:
    text = section(1, HOSTILE, (HOSTILE, "a", "b"), [(HOSTILE, 1.23456, None)])
    assert "<script" not in text
    assert text.count("&lt;script&gt;") == 3
    assert "<td>1.23</td><td></td>" in text


def test_figures_are_written_out_and_texts_stand_at_the_left() -> None:
    text = section(1, "Requests", ("Name", "Mean"), [("GET /", 1234567.8), ("", 0.0)])
    assert '<th scope="col" class="text">Name</th><th scope="col">Mean</th>' in text
    assert '<td class="text">GET /</td><td>1234568</td>' in text
    assert '<td class="text"></td><td>0</td>' in text
    assert '<td class="text long">GET /' in section(1, "Requests", ("Name",), [("GET /" + 20 * "x",)])


def test_a_heading_names_one_landmark() -> None:
    assert section(3, "Requests", ("Name",), [("GET /",)]).count('aria-labelledby="locust-3"') == 1


def test_a_long_table_ends_and_says_so() -> None:
    text = section(1, "Requests", ("name",), ((f"/{number}",) for number in range(MOST_ROWS + 7)))
    assert text.count("<td") == MOST_ROWS
    assert "7 more are in the CSV" in text
    assert len(section(1, "x", ("y",), [("z" * 10**6,)])) < MOST_TEXT + 1000
    assert section(1, "Failures", ("name",), []) == ""


def test_the_verdict_is_on_top_of_a_report_once() -> None:
    analysis = analyse_records(run(), 36, 10.0)
    page = with_verdict("<html><body><div id=root></div></body></html>", analysis)
    assert page.index('<aside id="explain-verdict"') < page.index("<div id=root>")
    assert with_verdict(page, analysis) == page


@pytest.mark.parametrize("code", get_args(Code))
def test_a_verdict_has_one_colour_on_all_pages(code: Code) -> None:
    assert explain_page.FOLDER
    files = ("explain.css", "explain_words.js", "explain_bar.js")
    style, words, bar = ((explain_page.FOLDER / name).read_text() for name in files)
    levels = dict(re.findall(r'"?([\w-]+)"?: "(good|bad|none)"', words.partition("const LEVELS")[2].partition(";")[0]))
    colours = dict(re.findall(r'(good|bad|none): "(#\w+)"', bar))
    here = {"none": "#44403c"} | dict(re.findall(r'data-level="(\w+)"\] \{ --banner: (#\w+)', style))
    assert colours == here
    assert f"--banner: {here['none']}" in style
    analysis = replace(analyse_records(run(), 36, 10.0), verdict=Verdict(code, "Have `a --flag`.", "…"))
    page = with_verdict("<body>", analysis)
    assert f"background:{colours[levels.get(code, 'bad')]};" in page
    assert "Have <code>a --flag</code>." in page


def test_of_no_request_there_is_no_time() -> None:
    stats = RequestStats()
    assert entry_row(stats.total) == ("", "Aggregated", 0, 0, *[None] * 6, 0)
    stats.log_request("GET", "/", 7, 0)
    assert entry_row(stats.total)[:10] == ("", "Aggregated", 1, 0, 7, 7, 7, 7, 7, 7)
