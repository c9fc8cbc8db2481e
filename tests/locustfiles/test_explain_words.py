"""How figures and routes are written."""

from __future__ import annotations

import pytest

from explain_words import figure, route_of


@pytest.mark.parametrize(
    ("name", "route"),
    [("/orders", "POST /orders"), ("POST /orders", "POST /orders"), ("POSTs", "POST POSTs"), ("", "POST ")],
)
def test_a_route_has_its_method_once(name: str, route: str) -> None:
    assert route_of("POST", name) == route


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "-"),
        (0.0, "0"),
        (0.01234, "0.0123"),
        (40.0, "40"),
        (99.96, "100"),
        (1056.4, "1056"),
        (1234567.8, "1234568"),
    ],
)
def test_a_figure_is_written_out(value: float | None, words: str) -> None:
    assert figure(value) == words
