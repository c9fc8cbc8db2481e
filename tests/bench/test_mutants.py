"""That the mutants are up to date; `make mutants` runs them."""

from __future__ import annotations

import pytest

from bench.mutants import Mutant, mutants


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.without)
def test_what_is_taken_out_is_there(mutant: Mutant) -> None:
    assert mutant.source()
