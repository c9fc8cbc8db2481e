"""The one line about a value that cannot be used."""

from __future__ import annotations

import pytest

from gunicorn_slots.parsing import BadSettingError


@pytest.mark.parametrize("name", ["raw_env", "raw_paste_global_conf"])
def test_it_has_no_secret(name: str) -> None:
    """Gunicorn splits at a comma, so that half a password may stand alone."""
    line = str(BadSettingError(name, ["SECRET_KEY=hun", "ter2"], "expected NAME=VALUE"))
    assert line == f"{name}=SECRET_KEY=...,...: expected NAME=VALUE"


def test_a_long_value_is_one_line_that_fits_on_a_screen() -> None:
    line = str(BadSettingError("bind", "x\n" * 1000, "expected HOST:PORT", "GUNICORN_BIND"))
    assert "\n" not in line
    assert len(line) < 300
