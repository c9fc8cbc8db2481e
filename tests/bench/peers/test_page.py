"""docs/peers.md says what its figures say, and nothing of a server that was not measured."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bench.peers import page
from bench.peers.rounds import row
from bench.peers.servers import BARE, PEERS, STACK
from bench.peers.visit import Found
from bench.peers.words import OF


def found(**changes: float | None) -> Found:
    """What a visit finds."""
    names = ["idle_mb", "loaded_mb", "kept_rps", "kept_cpu_us", "closed_rps", "closed_cpu_us", "large_rps", "failures"]
    names += [f"io{clients}_{figure}" for clients in (18, 36) for figure in ("rps", "p95_ms")]
    given: Found = dict.fromkeys(names, 100.0)
    given |= {"failures": 0, "others": 0.05, "hang_asked": 10, "hang_answered": 9, "hang_longest_ms": 5.0}
    return given | changes


def section(**of: list[Found]) -> dict[str, Any]:
    """The figures of servers, by their names with _ for a space."""
    rows = [row(next(peer for peer in PEERS if peer.name == name.replace("_", " ")), of[name]) for name in of]
    return {"date": "2026-01-01", "machine": "a machine", "rows": rows}


def cells(text: str, server: str, number: int) -> list[str]:
    """The cells of a server's row in a table of the page."""
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    (line,) = [line for line in tables[number].splitlines() if line.startswith(f"| {server} |")]
    return str(line).strip("| ").split(" | ")[1:]


RATES, COSTS, FAULTS, AHEAD = range(4)


def test_ratios_are_of_the_same_round() -> None:
    """A round in which everything was slow says as much as the others."""
    ours = [found(head_first_s=10.04, kept_rps=300.0), found(kept_rps=30.0), found(kept_rps=290.0)]
    bare = [found(head_first_s=None, kept_rps=200.0), found(kept_rps=20.0), found(kept_rps=100.0)]
    text = page.render(section(this_stack=ours, gunicorn_gthread=bare))
    assert cells(text, STACK, RATES)[4] == "30 · 290 · 300; 1.00 ×"
    assert cells(text, BARE, RATES)[4] == "20 · 100 · 200; 0.67 ×"


def test_who_hangs_is_told_by_requests_and_who_waits_by_time() -> None:
    ours = [found(head_first_s=10.04), found(hang_answered=10, hang_longest_ms=20.0)]
    bare = [found(head_first_s=None, hang_answered=0, hang_longest_ms=None), found(hang_asked=2, hang_answered=1)]
    text = page.render(section(this_stack=ours, gunicorn_gthread=bare))
    assert cells(text, STACK, FAULTS) == ["19 of 20", "20", "10.0 s"]
    assert cells(text, BARE, FAULTS) == ["1 of 12", "5", "none in 12 s"]


def test_who_is_ahead_comes_from_the_figures() -> None:
    """Within five percent nobody is; of memory less is better."""
    text = page.render(
        section(
            this_stack=[found(head_first_s=1.0)],
            gunicorn_gthread=[found(head_first_s=1.0, kept_rps=104.0, idle_mb=104.0)],
            waitress=[found(head_first_s=1.0, kept_rps=150.0, idle_mb=50.0)],
            granian=[found(head_first_s=1.0, kept_rps=300.0, idle_mb=200.0)],
        )
    )
    assert "| hello on kept connections, requests/s | granian 3.0 ×, waitress 1.5 × |" in text
    assert "| memory when idle, so many times less | waitress 2.0 × |" in text
    assert "| 5 MB, responses/s | none |" in text


@pytest.mark.parametrize("failures", [0, 3])
def test_what_failed_is_said(failures: int) -> None:
    ours = [found(head_first_s=1.0)]
    text = page.render(section(this_stack=ours, gunicorn_gthread=[found(head_first_s=1.0, failures=failures)]))
    assert f"Failed under load: {'gunicorn gthread 3' if failures else 'none'}." in text


def test_a_server_that_is_not_there_has_a_reason() -> None:
    figures = section(this_stack=[found(head_first_s=1.0)], gunicorn_gthread=[found(head_first_s=1.0)])
    figures["rows"].append({"server": "uWSGI", "missing": "needs a C compiler"})
    text = page.render(figures)
    assert "uWSGI: not measured: needs a C compiler.\n" in text
    assert all(not line.startswith("| uWSGI | 1") for line in text.splitlines())


def test_every_server_has_a_word_but_this_stack() -> None:
    assert set(OF) == {peer.name for peer in PEERS} - {STACK}
