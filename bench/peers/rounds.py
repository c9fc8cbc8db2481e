"""The campaign: all servers in turn, each round in an order of its own; one that was ended goes on where it was."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from bench.peers import environment
from bench.peers.servers import PEERS, STACK, Peer
from bench.peers.visit import Found, Plan, visit
from gunicorn_slots import __version__
from tests.bed import ROOT

ROUNDS = 3
UNFINISHED = ROOT / "reports" / "peers-unfinished.jsonl"
MOST_OTHERS = 0.1  # of the server's core while a hello wants all of it


def mark() -> str:
    """Return what tells these servers and this way to measure from others."""
    here = Path(__file__).parent
    files = [here / "served.py", here / "asgi.py", here / "visit.py", environment.LOCK, ROOT / "gunicorn.conf.py"]
    lines = [(peer.name, peer.line(0), sorted(peer.environ.items())) for peer in PEERS]
    parts = [path.read_bytes() for path in [*files, *sorted((ROOT / "gunicorn_slots").glob("*.py"))]]
    return hashlib.sha256(b"".join([*parts, repr(lines).encode()])).hexdigest()[:12]


def done(file: Path, marked: str) -> dict[tuple[int, str], Found]:
    """Return what an earlier campaign of the same kind found, by round and server."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    every = [json.loads(line) for line in lines]
    return {(line["round"], line["server"]): line["found"] for line in every if line["mark"] == marked}


def campaign(peers: Sequence[Peer], folder: Path, rounds: int, plan: Plan, file: Path) -> list[list[Found]]:
    """Visit every server once a round, and return what was found: of each server, a list over the rounds.

    A visit that other programs disturbed does not count: nobody could say whose figures they are.

    Args:
        peers: the servers.
        folder: where their programs are.
        rounds: how many.
        plan: how long each load lasts; what waits for half heads is done in the first round alone.
        file: takes what was found, a line at a time, and has what was found before.

    Raises:
        ClickException: visits were disturbed, so there are figures missing.
    """
    marked = mark()
    found = done(file, marked)
    for number in range(rounds):
        for peer in random.Random(number).sample(list(peers), len(peers)):
            if (number, peer.name) in found:
                continue
            click.echo(f"  round {number + 1} of {rounds}: {peer.name}", err=True)
            one = visit(peer, folder, plan if number == 0 else replace(plan, head=0.0))
            if (others := one["others"] or 0.0) > MOST_OTHERS:
                click.echo(f"    does not count, as other programs took {others:.0%} of its core", err=True)
                continue
            found[number, peer.name] = one
            line = {"mark": marked, "round": number, "server": peer.name, "found": one}
            with file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(line) + "\n")
    wanted = [(number, peer.name) for peer in peers for number in range(rounds)]
    if disturbed := len(set(wanted) - found.keys()):
        raise click.ClickException(
            f"{disturbed} of {len(wanted)} visits were disturbed by other programs, expected two free cores: "
            "the same command goes on with these"
        )
    return [[found[number, peer.name] for number in range(rounds)] for peer in peers]


def versions(peer: Peer) -> str:
    """Return what a server consists of, with versions."""
    parts = [f"{package} {environment.version(package)}" for package in peer.packages]
    return ", ".join([f"gunicorn_slots {__version__}", *parts] if peer.name == STACK else parts)


def row(peer: Peer, found: Sequence[Found]) -> dict[str, Any]:
    """Return what the page needs of a server: each figure as a list over the rounds."""
    names = list(dict.fromkeys(name for one in found for name in one))
    return {"server": peer.name} | {name: [one[name] for one in found if name in one] for name in names}


def measure() -> list[dict[str, Any]]:
    """Measure all servers that can be had here, and say of the others why not.

    Raises:
        ClickException: wrk is missing, or the servers cannot be installed.
    """
    if not shutil.which("wrk"):
        raise click.ClickException("peers: expected wrk (Debian's package wrk), which puts the servers under load")
    missing = environment.install()
    why = {peer.name: missing[name] for peer in PEERS for name in peer.packages if name in missing}
    peers = [peer for peer in PEERS if peer.name not in why]
    found = campaign(peers, environment.BIN, ROUNDS, Plan(), UNFINISHED)
    rows = [row(peer, each) for peer, each in zip(peers, found, strict=True)]
    UNFINISHED.unlink()
    return rows + [{"server": name, "missing": reason} for name, reason in why.items()]
