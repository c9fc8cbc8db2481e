"""The start line."""

from __future__ import annotations

from gunicorn_slots.startup import shown


def test_no_secret_in_the_start_line() -> None:
    assert shown("raw_env", ["KEY=hunter2", "B=c=d"]) == "KEY,B"
    assert shown("logconfig_dict", {"password": "hunter2"}) == "password"
