"""Locust's own tables as HTML, for the end of a kept run's page; and the verdict for the top of Locust's own report."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from explain_types import Analysis
from explain_words import figure

MOST_ROWS = 100  # the CSV beside it has all
MOST_TEXT = 500  # of an error, which may be a whole page
LONG = 12  # characters of a text, from which on it goes on in further lines
# As on the run's own page, by the verdict.
GOOD, BAD, NONE = "#166534", "#9a3412", "#44403c"
COLOURS = {"healthy": GOOD, "no-data": NONE, "generator": NONE, "unknown": NONE, "mixed-up": NONE}


def section(number: int, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], note: str = "") -> str:
    """Return a table with its heading, all of its texts escaped; "" without rows."""
    found = list(rows)
    if not found:
        return ""
    kinds = [kind(values) for values in zip(*found, strict=True)]
    head = "".join(f'<th scope="col"{of}>{escaped(name)}</th>' for of, name in zip(kinds, columns, strict=True))
    body = "".join(f"<tr>{row_of(kinds, row)}</tr>" for row in found[:MOST_ROWS])
    more = f"{len(found) - MOST_ROWS} more are in the CSV beside this page. " if len(found) > MOST_ROWS else ""
    words = f"<p>{escaped(more + note)}</p>" if more or note else ""
    name = f"locust-{number}"
    return (
        f'<section lang="en"><h2 id="{name}">{escaped(title)}</h2>{words}'
        f'<div class="scroll" tabindex="0" role="region" aria-labelledby="{name}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></section>"
    )


def kind(column: Sequence[object]) -> str:
    """Return the class of a column's cells in the style sheet: a text's, or none for figures."""
    longest = max((len(value) for value in column if isinstance(value, str)), default=0)
    return "" if not longest else ' class="text"' if longest <= LONG else ' class="text long"'


def row_of(kinds: Sequence[str], row: Sequence[object]) -> str:
    """Return a row's cells."""
    return "".join(f"<td{of}>{escaped(value)}</td>" for of, value in zip(kinds, row, strict=True))


def escaped(value: object) -> str:
    """Return a cell's text; a figure with as many digits as tell something."""
    text = figure(value) if isinstance(value, float) else "" if value is None else str(value)
    return html.escape(text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}…")


def with_code(text: str) -> str:
    """Return a text of the analysis as HTML; its commands stand between backticks."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text))


def with_verdict(page: str, analysis: Analysis) -> str:
    """Return Locust's own report with the verdict at its top."""
    verdict = analysis.verdict
    banner = (
        '<aside id="explain-verdict" aria-label="Verdict" style="padding:.8rem 1.5rem;color:#fff;'
        f'background:{COLOURS.get(verdict.code, BAD)};font:16px/1.5 system-ui,sans-serif">'
        f"<strong>{escaped(verdict.code)}.</strong> {with_code(verdict.text)} {with_code(verdict.suggestion)}</aside>"
    )
    return page if "explain-verdict" in page else page.replace("<body>", f"<body>{banner}", 1)
