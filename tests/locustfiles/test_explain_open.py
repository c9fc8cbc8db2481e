"""The load that was asked for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from explain_open import OpenLoad, open_load


def options(**given: Any) -> Any:
    return SimpleNamespace(**{"rps": None, "rps_ramp": None, "max_users": None, "rps_seed": None} | given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, None),
        ({"rps": ""}, None),
        ({"max_users": "5"}, None),
        ({"rps": "40"}, OpenLoad(40.0)),
        (
            {"rps": "0.5", "rps_ramp": "3", "max_users": "7", "rps_seed": "2"},
            OpenLoad(0.5, 3.0, 7, "2"),
        ),
    ],
)
def test_what_the_options_ask_for(given: dict[str, str], expected: OpenLoad | None) -> None:
    said: list[str] = []
    assert open_load(options(**given), said.append) == expected
    assert said == []


def test_no_options_at_all() -> None:
    assert open_load(None, print) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("rps", value) for value in ("0", "-1", "nan", "inf", "40/s", "1e7", " ")),
        *(("rps_ramp", value) for value in ("-1", "soon", "nan")),
        *(("max_users", value) for value in ("0", "1.5", "-3", "²", "9" * 12)),
        *(("rps_seed", value) for value in ("-1", "x")),
    ],
)
def test_a_bad_value_from_the_web_ui_is_said_and_counts_as_none(name: str, value: str) -> None:
    said: list[str] = []
    given = options(**{"rps": "40", name: value})
    found = open_load(given, said.append)
    assert found == (None if name == "rps" else OpenLoad(40.0))
    assert len(said) == 1
    assert said[0].startswith(f"--{name.replace('_', '-')}: {value!r}: expected a ")
    assert getattr(given, name) is None


def test_the_shares_of_processes_are_the_whole() -> None:
    shares = [OpenLoad(40, 2, 100, "5").share(4, number) for number in range(4)]
    assert sum(share.rps for share in shares) == 40
    assert sum(share.max_users for share in shares) == 100
    assert len({share.seed for share in shares}) == 4
    assert OpenLoad(40, 0, 2).share(4, 0) == OpenLoad(10, 0, 1, None)
