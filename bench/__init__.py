"""What the documents quote: each module measures something and writes a page of docs/; its figures are in figures/.

`python -m bench` docs/benchmarks.md and docs/peers.md · `bench.sweeps` docs/sweeps.md · `bench.reliability` and
`bench.mutants` docs/reliability.md. Servers, load and clients are those of the tests, from tests/bed/.
"""

from pathlib import Path

from sweep import ROOT

DOCS = ROOT / "docs"
FIGURES = Path(__file__).parent / "figures"
