"""Locust's own tables as HTML, for the end of a kept run's page; and the verdict for the top of Locust's own report."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from explain_types import Analysis

MOST_ROWS = 100  # the CSV beside it has all
MOST_TEXT = 500  # of an error, which may be a whole page
COLOURS = {"healthy": "#166534", "no-data": "#44403c", "generator": "#44403c", "unknown": "#44403c"}
BAD = "#991b1b"


def section(number: int, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], note: str = "") -> str:
    """Return a table with its heading, all of its texts escaped; "" without rows."""
    found = list(rows)
    if not found:
        return ""
    head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escaped(value)}</td>' for value in row)}</tr>" for row in found[:MOST_ROWS])
    more = f"{len(found) - MOST_ROWS} more are in the CSV beside this page. " if len(found) > MOST_ROWS else ""
    words = f"<p>{escaped(more + note)}</p>" if more or note else ""
    name = f"locust-{number}"
    return (
        f'<section aria-labelledby="{name}"><h2 id="{name}">{escaped(title)}</h2>{words}'
        f'<div class="scroll" tabindex="0" role="region" aria-labelledby="{name}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></section>"
    )


def escaped(value: object) -> str:
    """Return a cell's text; a figure with as many digits as tell something."""
    text = f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)
    return html.escape(text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}…")


def with_verdict(page: str, analysis: Analysis) -> str:
    """Return Locust's own report with the verdict at its top."""
    verdict = analysis.verdict
    banner = (
        '<aside id="explain-verdict" aria-label="Verdict" style="padding:.8rem 1.5rem;color:#fff;'
        f'background:{COLOURS.get(verdict.code, BAD)};font:16px/1.5 system-ui,sans-serif">'
        f"<strong>{escaped(verdict.code)}.</strong> {escaped(verdict.text)} {escaped(verdict.suggestion)}</aside>"
    )
    return page if "explain-verdict" in page else page.replace("<body>", f"<body>{banner}", 1)
