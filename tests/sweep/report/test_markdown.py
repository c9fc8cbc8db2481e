"""The report in Markdown."""

from __future__ import annotations

import re

from sweep.folder import Results
from sweep.report.text import code, code_cell, fenced
from tests.sweep.report.looks import markdown_of


def test_hostile_texts_stay_texts_in_markdown(mixed: Results) -> None:
    text = markdown_of(mixed.folder)
    outside = re.sub(r"`[^`]*`", "", re.sub(r"(`{3,}).*?\1", "", text, flags=re.DOTALL))
    assert not re.search(r"script|@someone|\*\*bold|<[^/ds]", outside)
    tables = [line for line in text.splitlines() if line.startswith("| ")]
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
    assert widths == {3, 6, 11}  # of the tables with two, five and ten columns


def test_markdown_code_cannot_be_left() -> None:
    assert code("a`b|c\nd") == "`a'b|c d`"
    assert code_cell("a`b|c\nd") == "`a'b\\|c d`"
    assert code("") == ""
    assert fenced("```\nx") == "````\n```\nx\n````"
