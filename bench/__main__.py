"""`python -m bench [SECTION ...]` measures, keeps the figures in bench/figures/ and writes what is in docs/ of them."""

from __future__ import annotations

import json
import shutil
import sys
from typing import Any

import click

import bench
from bench import report
from bench.peers import page
from bench.sections import SECTIONS
from tests.bed import ROOT
from tests.bed.cores import cores

FIGURES = bench.FIGURES / "benchmarks.json"
PAGE = bench.DOCS / "benchmarks.md"
PEERS_PAGE = bench.DOCS / "peers.md"


@click.command()
@click.argument("sections", nargs=-1, type=click.Choice(list(SECTIONS)))
def main(sections: tuple[str, ...]) -> None:
    """Measure SECTIONS (all without one), one after the other, and write docs/benchmarks.md and docs/peers.md."""
    if cores() == (None, None):
        raise click.ClickException("cores: expected Linux with 2 or more, one for the app and one for the load")
    sections = sections or tuple(SECTIONS)
    if "image" in sections and not shutil.which("docker"):
        raise click.ClickException(f"sections={' '.join(sections)}: expected Docker for image, or a choice without it")
    figures: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    for name in sections:
        click.echo(name, err=True)
        rows = SECTIONS[name]()
        figures[name] = {"date": report.today(), "machine": report.machine(), "rows": rows}
        report.save(FIGURES, figures)
        written = PEERS_PAGE if name == "peers" else PAGE
        text = page.render(figures[name]) if name == "peers" else report.render(figures)
        written.write_text(text, encoding="utf-8")
        click.echo(f"written: {written.relative_to(ROOT)}", err=True)


if __name__ == "__main__":
    sys.exit(main())
