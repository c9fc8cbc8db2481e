"""The runs for a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep.decide.findings import Findings
from sweep.folder import Results, create
from sweep.report.text import cell
from tests.sweep import samples
from tests.sweep.report.looks import rows_of


def test_the_spreadsheet_has_the_runs(mixed: Results) -> None:
    rows = rows_of(mixed.folder)
    prediction = Findings.of(mixed).prediction
    assert prediction
    assert len(rows) == len(mixed.runs) == 20
    for row, run in zip(rows, mixed.runs, strict=True):
        assert (int(row["workers"]), int(row["threads"]), int(row["repeat"])) == (run.workers, run.threads, run.repeat)
        assert float(row["bound_rps"]) == pytest.approx(prediction.bound(run.setting)[0])
        if run.analysis and run.outside:
            assert float(row["rps"]) == run.analysis.load.rps
            assert float(row["wait_p95_ms"]) == run.analysis.wait_ms.p95
            assert float(row["memory_peak_mb"]) == run.outside.memory_peak_mb
        else:
            assert row["rps"] == ""
            assert row["error"]
    assert [row["status"] for row in rows[-2:]] == ["failed", "void"]


def test_the_spreadsheet_has_no_formula(tmp_path: Path) -> None:
    results = create(tmp_path / "sweep", samples.info())
    results.append(samples.failed(1, 1, '=HYPERLINK("http://example.invalid","an app said so")\n2nd line'))
    (row,) = rows_of(results.folder)
    assert row["error"] == '\'=HYPERLINK("http://example.invalid","an app said so")'
    assert row["bound_rps"] == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\t=1", "'=1"),
        ("a\nb", "a b"),
        (-1.5, -1.5),
        (None, None),
    ],
)
def test_spreadsheets_get_no_formula(value: object, expected: object) -> None:
    assert cell(value) == expected
