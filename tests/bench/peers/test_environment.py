"""What is installed for the servers, and what is said of one that cannot be."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from bench.peers import environment
from bench.peers.servers import PEERS

LOCK = """\
uwsgi==2.0 ; sys_platform != 'win32' \\
    --hash=sha256:aa
    # via x
waitress==3.0.2 \\
    --hash=sha256:bb
"""


class Pip:
    """In the place of pip: fails for some packages."""

    def __init__(self, *failing: str) -> None:
        self.failing, self.asked = failing, list[set[str]]()

    def __call__(self, packages: dict[str, str]) -> str | None:
        self.asked.append(set(packages))
        return "error: it does not compile" if set(self.failing) & set(packages) else None


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment that is made, but empty, and a lock file of two packages."""
    (tmp_path / "venv").mkdir()
    (tmp_path / "lock.txt").write_text(LOCK)
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "VENV", tmp_path / "venv")
    monkeypatch.setattr(environment, "LOCK", tmp_path / "lock.txt")
    monkeypatch.setattr(environment, "made", lambda: None)
    return tmp_path


def install(monkeypatch: pytest.MonkeyPatch, pip: Pip, compiler: str | None = None) -> dict[str, str]:
    monkeypatch.setattr(environment, "pip", pip)
    monkeypatch.setattr(environment, "compiler_missing", lambda: compiler)
    return environment.install()


def test_every_package_of_every_server_is_pinned() -> None:
    assert {package: environment.version(package) for peer in PEERS for package in peer.packages}


def test_entries_of_a_lock_file() -> None:
    found = environment.entries(LOCK)
    assert list(found) == ["uwsgi", "waitress"]
    assert "\n".join(found.values()) + "\n" == LOCK


def test_without_a_compiler_the_others_are_installed(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    pip = Pip()
    assert install(monkeypatch, pip, "needs a C compiler") == {"uwsgi": "needs a C compiler"}
    assert pip.asked == [{"waitress"}]
    # With one it is made up for; and then nothing is left to do.
    assert install(monkeypatch, pip) == {}
    assert pip.asked[1:] == [{"waitress"}, {"uwsgi"}]
    assert install(monkeypatch, pip) == {}
    assert len(pip.asked) == 3


def test_what_does_not_compile_is_left_out(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    assert install(monkeypatch, Pip("uwsgi")) == {"uwsgi": "error: it does not compile"}


def test_any_other_package_is_needed(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    with pytest.raises(click.ClickException, match=r"lock.txt: pip cannot install it: error: it does not compile"):
        install(monkeypatch, Pip("waitress"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "it said nothing"),
        ("WARNING: x\nERROR: no such version\n\nhint: y\n", "ERROR: no such version"),
        ("one\ntwo\n", "two"),
    ],
    ids=["nothing", "error", "last"],
)
def test_pips_reason_is_one_line(text: str, line: str) -> None:
    assert environment.last_line(text) == line
