"""Figures and foreign text, as reports write them."""

from __future__ import annotations

import pytest

from sweep.report.text import figure, percent, plain, sentence, with_code


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
    """Whose words go on in no other line."""
    code = "<code><span>--workers</span> <span>1</span></code>"
    assert with_code("sweep with `--workers 1` <b>`") == f"sweep with {code} &lt;b&gt;`"


def test_only_the_first_letter_of_a_sentence_changes() -> None:
    assert [sentence("0.8 ms of CPU"), sentence("some ms of CPU"), sentence("")] == [
        "0.8 ms of CPU",
        "Some ms of CPU",
        "",
    ]
