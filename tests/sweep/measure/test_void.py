"""Which measurements say nothing of their setting."""

from __future__ import annotations

import dataclasses

import pytest

from explain_types import Code
from sweep.measure.measurement import Outcome
from tests.sweep import samples


@pytest.mark.parametrize(
    ("code", "void"),
    [
        ("mixed-up", True),
        ("stuck", True),
        ("unknown", True),
        ("generator", True),
        ("errors", False),
        ("inside", False),
        ("healthy", False),
    ],
)
def test_some_verdicts_make_a_run_void(code: Code, void: bool) -> None:
    analysis = samples.analysis(2, 6)
    analysis = dataclasses.replace(analysis, verdict=dataclasses.replace(analysis.verdict, code=code, text="why"))
    assert Outcome(None, analysis, None).void == ("void: why" if void else None)
    assert Outcome("gunicorn ended", analysis, None).void is None  # it failed, which says more
