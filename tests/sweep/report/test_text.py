"""Figures and foreign text, as reports write them."""

from __future__ import annotations

import pytest

from sweep.report.text import figure, percent, plain, with_code


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


def test_code_in_html() -> None:
    assert with_code("sweep with `--workers 1` <b>`") == "sweep with <code>--workers 1</code> &lt;b&gt;`"
