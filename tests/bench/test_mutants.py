"""That what each mutant takes out is there, and that it is missed; `make mutants` tries all of them."""

from __future__ import annotations

import pytest

from bench.mutants import Mutant, mutants

ALL = {mutant.without: mutant for mutant in mutants()}
# Of each kind of place one that is noticed fast.
FEW = ["400 in place of 501", "that an app which exits ends its request only", "noticing a body that ends early"]


@pytest.mark.parametrize("mutant", ALL.values(), ids=ALL)
def test_what_is_taken_out_is_there(mutant: Mutant) -> None:
    path, text = mutant.changed()
    assert text != path.read_text()


@pytest.mark.process
@pytest.mark.parametrize("without", FEW)
def test_it_is_missed(without: str) -> None:
    assert ALL[without].failures()
