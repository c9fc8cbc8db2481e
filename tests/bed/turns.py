"""Whose turn it is, where several processes share the tests: what runs side by side, what alone, and what first."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# The same in all processes of a run, and nothing where there is but one.
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID")
FOLDER = Path(tempfile.gettempdir())


@contextlib.contextmanager
def turn(group: str | None) -> Iterator[None]:
    """Wait until nobody runs what a test of this group may not run beside, and keep it so in the block."""
    if not RUN:
        yield
        return
    with (FOLDER / f"tests-{RUN}.lock").open("w") as machine, (FOLDER / f"tests-{RUN}-load.lock").open("w") as core:
        if group == "load":  # one process runs all of these, so this waits only if they are handed out otherwise
            fcntl.flock(core, fcntl.LOCK_EX)
        fcntl.flock(machine, fcntl.LOCK_EX if group == "alone" else fcntl.LOCK_SH)
        yield


def group_of(item: pytest.Item) -> str | None:
    """What a test needs for itself or shares with others, which one process then runs: None for nothing."""
    for marker in ("alone", "load"):  # the machine, or the load's core
        if item.get_closest_marker(marker):
            return marker
    if any(item.get_closest_marker(marker) for marker in ("container", "browser")):
        return item.nodeid.partition("::")[0]  # what its module starts
    return None


def groups_file(run: str, process: str) -> Path:
    """Return where a process of a run says which tests belong together, for the one that hands them out."""
    return FOLDER / f"tests-{run}-{process}.groups"


def tell_groups(items: Sequence[pytest.Item]) -> None:
    """Say which tests belong together."""
    groups = {item.nodeid: group for item in items if (group := group_of(item))}
    groups_file(RUN or "", os.environ["PYTEST_XDIST_WORKER"]).write_text(json.dumps(groups), encoding="utf-8")


class ByGroup(LoadScopeScheduling):  # type: ignore[misc] # it ships no types
    """Hands out the tests of a group to one process, in the order in which they are.

    pytest-xdist's own `loadgroup` writes a group into its tests' IDs, which pytest 9.2 does not let it
    (pytest-xdist#1386), and then everything runs beside everything.
    """

    groups: dict[str, str]

    def add_node_collection(self, node: WorkerController, collection: Sequence[str]) -> None:
        """Take what a process has collected."""
        told = groups_file(node.workerinput["testrunuid"], node.workerinput["workerid"])
        self.groups = json.loads(told.read_text(encoding="utf-8"))
        told.unlink()
        super().add_node_collection(node, collection)

    def _split_scope(self, nodeid: str) -> str:
        return self.groups.get(nodeid, nodeid)


def ordered(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests in an order in which all processes are busy until nearly the end, and load has room.

    The longest row first, of those that need the load's core; beside them what mostly waits, sweeps ahead as they take
    longest. Then containers and browsers, which keep the cores busy, the largest modules ahead. Then unit tests, which
    fill the gaps. Last those that wait for all others.
    """
    size = Counter(map(group_of, items))

    def place(item: pytest.Item) -> tuple[int, int]:
        group = group_of(item)
        if group in ("load", "alone"):
            return (0 if group == "load" else 5, 0)
        if group:
            return 3, -size[group]
        if item.get_closest_marker("process"):
            return (1 if "marked" in getattr(item, "fixturenames", ()) else 2), 0
        return 4, 0

    return sorted(items, key=place)
