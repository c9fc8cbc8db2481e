"""A campaign visits all servers in turn, goes on where it was ended, and really measures them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click
import pytest

from bench.peers import environment, rounds
from bench.peers.servers import BARE, PEERS, STACK, Peer
from bench.peers.visit import Found, Plan
from tests.bed.wrk import WRK

TWO = [peer for peer in PEERS if peer.name in (STACK, BARE)]


class Visits:
    """In the place of a visit: counts, is ended at a given one, and is disturbed at another."""

    def __init__(self, ends_at: int = 0, disturbed_at: int = 0) -> None:
        self.ends_at, self.disturbed_at, self.seen = ends_at, disturbed_at, list[tuple[str, float]]()

    def __call__(self, peer: Peer, folder: Path, plan: Plan) -> Found:
        if len(self.seen) + 1 == self.ends_at:
            raise KeyboardInterrupt
        self.seen.append((peer.name, plan.head))
        return {"number": len(self.seen), "others": 0.4 if len(self.seen) == self.disturbed_at else 0.02}


def campaign(monkeypatch: pytest.MonkeyPatch, visits: Visits, file: Path) -> list[list[Found]]:
    monkeypatch.setattr(rounds, "visit", visits)
    return rounds.campaign(TWO, file.parent, 3, Plan(head=9.0), file)


def test_each_round_has_every_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    visits = Visits()
    campaign(monkeypatch, visits, tmp_path / "lines")
    names = [name for name, _ in visits.seen]
    assert all(set(names[number : number + 2]) == {STACK, BARE} for number in (0, 2, 4))
    assert [head for _, head in visits.seen] == [9.0, 9.0, 0, 0, 0, 0]


def test_it_goes_on_where_it_was_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        campaign(monkeypatch, Visits(ends_at=4), tmp_path / "lines")
    rest = Visits()
    found = campaign(monkeypatch, rest, tmp_path / "lines")
    assert len(rest.seen) == 3
    assert sorted(one["number"] or 0 for each in found for one in each) == [1, 1, 2, 2, 3, 3]


def test_a_visit_that_others_disturb_does_not_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(
        click.ClickException, match=r"^1 of 6 visits were disturbed by other programs, expected two free"
    ):
        campaign(monkeypatch, Visits(disturbed_at=2), tmp_path / "lines")
    rest = Visits()
    campaign(monkeypatch, rest, tmp_path / "lines")
    assert len(rest.seen) == 1


def test_figures_of_other_code_are_not_gone_on_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    campaign(monkeypatch, Visits(), tmp_path / "lines")
    monkeypatch.setattr(rounds, "mark", lambda: "other")
    again = Visits()
    campaign(monkeypatch, again, tmp_path / "lines")
    assert len(again.seen) == 6


def test_without_wrk_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(click.ClickException, match=r"^peers: expected wrk"):
        rounds.measure()


def test_a_server_that_cannot_be_built_is_told_with_the_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(environment, "install", lambda: {"uwsgi": "needs a C compiler"})
    monkeypatch.setattr(rounds, "UNFINISHED", tmp_path / "lines")
    visits = Visits()
    monkeypatch.setattr(rounds, "visit", visits)
    found = {row.pop("server"): row for row in rounds.measure()}
    assert found.pop("uWSGI") == {"missing": "needs a C compiler"}
    assert set(found) == {peer.name for peer in PEERS} - {"uWSGI"} == {name for name, _ in visits.seen}
    assert all(len(row["number"]) == rounds.ROUNDS for row in found.values())
    assert not (tmp_path / "lines").exists()  # or the next campaign would measure nothing


@pytest.mark.alone
@pytest.mark.skipif(not WRK, reason="needs wrk")
def test_two_servers_that_are_always_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In this environment, and as briefly as wrk can; no figure matters, so others may have a part of the core."""
    monkeypatch.setattr(rounds, "MOST_OTHERS", 1.0)
    plan = Plan(warm=0, io=0, hello=1, large=0, hang=0.4, head=0)
    found = rounds.campaign(TWO, Path(sys.executable).parent, 1, plan, tmp_path / "lines")
    stack, bare = ({name: value or 0.0 for name, value in each[0].items()} for each in found)
    assert stack["hang_answered"] == stack["hang_asked"] > 0
    for each in (stack, bare):
        assert each["failures"] == 0
        assert 20 < each["kept_cpu_us"] < 1e6 / each["kept_rps"] * 1.1  # one core has no more
        assert 20 < each["idle_mb"] <= each["loaded_mb"]
