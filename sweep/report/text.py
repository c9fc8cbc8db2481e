"""Figures and foreign text as reports write them. Foreign is what an app, its log or a user's option says."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

NBSP = "\N{NO-BREAK SPACE}"
NONE = "—"

# Colours and cursor movements of a terminal, then control characters other than tab and line feed.
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def figure(value: float | None, unit: str = "") -> str:
    """Return a figure to three digits, or to whole numbers from 100 on, with its unit; a dash for None."""
    if value is None:
        return NONE
    digits = 0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    return f"{value:.{digits}f}" + (NBSP + unit if unit else "")


def whole(value: float | None) -> str:
    """Return a figure without decimals; a dash for None."""
    return NONE if value is None else f"{value:.0f}"


def percent(share: float | None) -> str:
    """Return a share, 0 to 1, in %; a dash for None."""
    return NONE if share is None else f"{100 * share:.{1 if abs(share) < 0.0995 else 0}f}%"


def unbroken(text: object) -> str:
    """Return a text in which no line ends within a setting."""
    return str(text).replace(" × ", f"{NBSP}×{NBSP}")


def plain(text: str) -> str:
    """Return a text without what would steer a terminal, or turn the direction of what stands after it."""
    return CONTROLS.sub("\N{REPLACEMENT CHARACTER}", ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def sentence(text: str) -> str:
    """Return a text that begins with a capital letter; all else in it stays as it is."""
    return text[:1].upper() + text[1:]


def first_line(text: str) -> str:
    """Return the first line that says something."""
    return next((line.strip() for line in plain(text).splitlines() if line.strip()), "")


def other_lines(text: str) -> str:
    """Return what stands after the first line."""
    return plain(text).strip().partition("\n")[2].strip("\n")


def one_line(text: str) -> str:
    """Return a text with each run of spaces and ends of lines as one space."""
    return " ".join(plain(text).split())


def code(text: object) -> str:
    """Return foreign text as Markdown code in one line, where no character has a meaning."""
    line = one_line(str(text)).replace("`", "'")
    return f"`{line}`" if line else ""


def code_cell(text: object) -> str:
    """Return foreign text as code in a cell of a Markdown table, which a bar would end."""
    return code(text).replace("|", "\\|")


def fenced(text: str, language: str = "") -> str:
    """Return foreign text as a Markdown code block that it cannot end."""
    ticks = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    return f"{ticks}{language}\n{plain(text)}\n{ticks}"


def with_code(text: object) -> Markup:
    """Return a text of ours for HTML, in which what stands in backticks is code whose words go on in no other line."""

    def code_of(found: re.Match[str]) -> str:
        return f"<code>{' '.join(f'<span>{word}</span>' for word in found[1].split())}</code>"

    return Markup(re.sub("`([^`]+)`", code_of, str(escape(str(text)))))  # noqa: S704 it is escaped


def cell(value: object) -> object:
    """Return a value for a spreadsheet, which would take a text that starts like a formula for one."""
    if not isinstance(value, str):
        return value
    line = one_line(value)
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line
