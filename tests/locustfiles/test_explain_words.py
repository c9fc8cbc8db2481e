"""How figures and routes are written."""

from __future__ import annotations

import pytest

from explain_words import route_of


@pytest.mark.parametrize(
    ("name", "route"),
    [("/orders", "POST /orders"), ("POST /orders", "POST /orders"), ("POSTs", "POST POSTs"), ("", "POST ")],
)
def test_a_route_has_its_method_once(name: str, route: str) -> None:
    assert route_of("POST", name) == route
