"""`python -m tests.truth [NAME ...]` runs cases, all without one, keeps the figures, and writes docs/truth.md.

What was measured with the same analysis and the same cases is not measured again, so a campaign can go on where it
ended; a case that is named is.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import asdict
from pathlib import Path

import click

from bench.report import today
from tests.bed import ROOT
from tests.bed.cores import cores
from tests.truth import page
from tests.truth.campaign import case, complaints
from tests.truth.known import KNOWN
from tests.truth.services import missing


def fingerprint() -> str:
    """Return what tells this analysis and these cases from others."""
    here = Path(__file__).parent
    files = [*(ROOT / "locustfiles").glob("explain*.py"), *here.glob("*/*"), here / "known.py", here / "campaign.py"]
    return hashlib.sha256(
        b"".join(path.read_bytes() for path in sorted(files) if path.suffix in (".py", ".conf"))
    ).hexdigest()[:12]


@click.command()
@click.argument("names", nargs=-1)
def main(names: tuple[str, ...]) -> None:
    """Run the cases NAMES, all without one that are not measured yet."""
    if unknown := [name for name in names if name not in KNOWN]:
        raise click.ClickException(f"{unknown[0]!r}: expected one of {', '.join(KNOWN)}")
    if cores() == (None, None):
        raise click.ClickException("cores: expected Linux with 2 or more, one for the app and one for the load")
    mark, figures = fingerprint(), page.load()
    wrong = 0
    done = {name for name, row in figures["cases"].items() if name in KNOWN and not page.wrong(name, row)}
    for name in names or sorted(KNOWN, key=lambda name: name in done):  # what is new or was wrong first
        known = KNOWN[name]
        if not names and figures["cases"].get(name, {}).get("fingerprint") == mark:
            continue
        if packages := missing(known.services, known.front):
            click.echo(f"{name}: skipped, as {' and '.join(packages)} is not installed", err=True)
            wrong += 1
            continue
        found = case(known)
        wrong += bool(complaints(known, found))
        row = asdict(found) | {"fingerprint": mark}
        figures["cases"][name] = row | {"date": today()}
        page.save(figures, mark)
        click.echo(page.line(name, row))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
