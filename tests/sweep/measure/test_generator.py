"""The analysis that Locust leaves, read as what it has to be."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from explain_types import Analysis
from sweep.measure.evidence import MeasurementError
from sweep.measure.generator import read_analysis
from tests.sweep import samples

WRITTEN = samples.analysis(3, 6)


def read(folder: Path, text: str | None) -> Analysis:
    """Read a file with this text; None is no file."""
    if text is not None:
        (folder / "analysis.json").write_text(text)
    return read_analysis(folder / "analysis.json", folder / "locust.log", 3)


def test_it_is_read_with_its_types(tmp_path: Path) -> None:
    assert read(tmp_path, msgspec.json.encode(WRITTEN).decode()) == WRITTEN


def test_keys_that_the_sweep_does_not_know_are_left_alone(tmp_path: Path) -> None:
    assert read(tmp_path, json.dumps({**msgspec.to_builtins(WRITTEN), "weather": {"sunny": True}})) == WRITTEN


def test_what_is_of_another_type_is_named_with_its_place(tmp_path: Path) -> None:
    keys = msgspec.to_builtins(WRITTEN)
    keys["demand"]["app_s"] = "0.1"
    with pytest.raises(MeasurementError, match=r"Expected `float \| null`, got `str` - at `\$.demand.app_s`"):
        read(tmp_path, json.dumps(keys))


@pytest.mark.parametrize("text", [None, "", "{"], ids=["no file", "empty", "torn"])
def test_none_is_named_with_locusts_status(text: str | None, tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match="Locust ended with status 3 and wrote no analysis"):
        read(tmp_path, text)
