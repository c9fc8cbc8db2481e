"""What the report says of several instances."""

from __future__ import annotations

import json
from pathlib import Path

from sweep.report.text import figure
from tests.sweep import samples
from tests.sweep.report.looks import as_read, markdown_of, page_of


def test_what_several_instances_hold_is_told(tmp_path: Path) -> None:
    results = samples.sweep(tmp_path, [(2, 18), (3, 6)], about=samples.info(instances=3))
    page, markdown = page_of(results.folder), markdown_of(results.folder)
    assert "On several instances" in page.words
    recommended = json.loads((results.folder / "recommendation.json").read_text())
    held = recommended["instances"]["held"]
    assert [(one["instances"], one["users"]) for one in held] == [(1, 36), (2, 72), (3, 108)]
    row = f"| 3 | 108 | {figure(held[2]['rps'])} | {figure(held[2]['same_users_rps'])} |"
    assert row in markdown
    assert recommended["instances"]["reason"] in as_read(page)
    assert "On several instances" not in page_of(samples.sweep(tmp_path / "one", [(3, 6)]).folder).words
