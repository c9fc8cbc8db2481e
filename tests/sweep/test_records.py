"""A setting, as it is written everywhere."""

from __future__ import annotations

from explain_laws import Setting


def test_setting_as_it_is_written() -> None:
    assert str(Setting(3, 6)) == "3 × 6"
    assert Setting(3, 6).slots == 18
