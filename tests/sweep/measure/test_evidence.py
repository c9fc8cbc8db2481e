"""Why a run failed, in as many lines as are worth reading."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep.measure.evidence import MeasurementError, exceptions, failures, tail

LOG = """[INFO] Starting
Traceback (most recent call last):
  File "shop.py", line 1, in <module>
\x1b[31mModuleNotFoundError: No module named 'cart'\x1b[0m

[INFO] Shutting down
"""


def test_of_a_log_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("[DEBUG] long ago\n" * 20 + LOG)
    assert tail(log)[-3:] == ["[INFO] Starting", "ModuleNotFoundError: No module named 'cart'", "[INFO] Shutting down"]
    assert len(tail(log)) == 12
    assert str(MeasurementError("gunicorn ended", log)).splitlines() == ["gunicorn ended", *tail(log)]


def test_what_is_no_text_and_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"\xff" + b"x" * 100_000)
    assert [len(line) for line in tail(tmp_path / "log")] == [400]
    assert tail(tmp_path / "none") == []


def test_locusts_tables_become_lines(tmp_path: Path) -> None:
    (tmp_path / "locust_failures.csv").write_text("Method,Name,Error,Occurrences\nGET,/,500 Server Error,7\n")
    trace = 'Traceback\n  File ""locust.py""\n  File ""visit.py"", line 9\n    self.clinet'
    (tmp_path / "locust_exceptions.csv").write_text(f'Count,Message,Traceback,Nodes\n3,no clinet,"{trace}",local\n')
    assert failures(tmp_path) == "\n7 × /: 500 Server Error"
    assert exceptions(tmp_path) == '\n3 × no clinet (File "visit.py", line 9)'


@pytest.mark.parametrize("text", [None, "Other,Columns\n1,2\n", f'Occurrences,Name,Error\n1,/,"{"x" * 140_000}"\n'])
def test_a_table_that_cannot_be_read_is_none(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "locust_failures.csv").write_text(text)
    assert failures(tmp_path) == ""
