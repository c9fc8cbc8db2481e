"""Tables and the verdict in HTML: whatever an app says is text, and no table is endless."""

from __future__ import annotations

from explain_analysis import analyse_records
from explain_tables import MOST_ROWS, MOST_TEXT, section, with_verdict
from tests.locustfiles.samples import run

HOSTILE = "</td><script>alert(1)</script>&\"'"


def test_texts_are_texts() -> None:
    text = section(1, HOSTILE, (HOSTILE,), [(HOSTILE, 1.23456, None)])
    assert "<script" not in text
    assert text.count("&lt;script&gt;") == 3
    assert "<td>1.235</td><td></td>" in text


def test_a_long_table_ends_and_says_so() -> None:
    text = section(1, "Requests", ("name",), ((f"/{number}",) for number in range(MOST_ROWS + 7)))
    assert text.count("<td>") == MOST_ROWS
    assert "7 more are in the CSV" in text
    assert len(section(1, "x", ("y",), [("z" * 10**6,)])) < MOST_TEXT + 1000
    assert section(1, "Failures", ("name",), []) == ""


def test_the_verdict_is_on_top_of_a_report_once() -> None:
    analysis = analyse_records(run(), 36, 10.0)
    page = with_verdict("<html><body><div id=root></div></body></html>", analysis)
    assert page.index('<aside id="explain-verdict"') < page.index("<div id=root>")
    assert with_verdict(page, analysis) == page
