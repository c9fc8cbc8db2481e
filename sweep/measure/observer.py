"""What only an observer from outside sees: memory and CPU of the whole process tree, workers that start and die."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import NamedTuple

import psutil

GONE = (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied)


class Sample(NamedTuple):
    """CPU time so far, in s: of the process tree, and of everything on the tree's cores, itself and steal included."""

    at: float
    tree: float
    cores: float


class Usage(NamedTuple):
    """CPU seconds a second within a stretch of time: of the process tree, and of others on the tree's cores."""

    tree: float
    others: float


class Observer:
    """Samples a gunicorn's process tree.

    Attributes:
        peak_mb: the most memory that the tree had, in MB (1024² bytes), shared pages counted once (PSS) where the
            system tells, else resident memory.
        memory_mb: the same in the last sample.
        seen: the workers' process ids, all of them.
        alive: those that were there in the last sample.
        cpu: the samples of CPU time.
        load_at: how many samples there were when the load began: what the app's import took is no cost of requests.
    """

    def __init__(self, pid: int, cores: Sequence[int]) -> None:
        """Look at the gunicorn whose arbiter has this process id, and at the cores that it alone should use."""
        self.arbiter, self.cores = psutil.Process(pid), cores
        self.memory_mb = self.peak_mb = 0.0
        self.seen: set[int] = set()
        self.alive: set[int] = set()
        self.cpu: list[Sample] = []
        self.load_at = 0

    def sample(self) -> None:
        """Look once. A process that ends meanwhile is left out."""
        memory = seconds = 0.0
        alive = set()
        try:
            tree = [self.arbiter, *self.arbiter.children(recursive=True)]
        except GONE:
            return
        for process in tree:
            with contextlib.suppress(*GONE), process.oneshot():
                memory += memory_of(process)
                times = process.cpu_times()
                seconds += times.user + times.system
                # Of the dead children, which a process takes over when it collects their exit status.
                seconds += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
                if process.ppid() == self.arbiter.pid:
                    alive.add(process.pid)
        self.memory_mb = memory / 2**20
        self.peak_mb = max(self.peak_mb, self.memory_mb)
        self.seen |= alive
        self.alive = alive
        self.cpu.append(Sample(time.monotonic(), seconds, busy_seconds(self.cores)))

    @property
    def died(self) -> int:
        """How many workers were there once and not in the last sample."""
        return len(self.seen) - len(self.alive)

    def listens(self, port: int) -> bool:
        """Whether the arbiter itself listens on a TCP port, and not another program."""
        with contextlib.suppress(*GONE):
            sockets = self.arbiter.net_connections(kind="tcp")
            return any(s.status == psutil.CONN_LISTEN and s.laddr.port == port for s in sockets)
        return False

    def idle(self, seconds: float, share: float) -> bool:
        """Whether the tree used less than this share of a core in the last so many seconds."""
        if not self.cpu:
            return False
        now = self.cpu[-1]
        before = next((past for past in reversed(self.cpu) if past.at <= now.at - seconds), None)
        return before is not None and now.tree - before.tree < share * (now.at - before.at)

    def load_begins(self) -> None:
        """Remember that the load begins now."""
        self.load_at = len(self.cpu)

    def usage(self, seconds: float) -> Usage:
        """Return the usage in the busiest stretch of this length since the load began."""
        best, start, samples = Usage(0.0, 0.0), 0, self.cpu[self.load_at :]
        for end, last in enumerate(samples):
            while start + 1 < end and last.at - samples[start + 1].at >= seconds:
                start += 1
            first = samples[start]
            span = last.at - first.at
            if span >= 0.9 * seconds and (tree := (last.tree - first.tree) / span) > best.tree:
                best = Usage(tree, max(0.0, (last.cores - first.cores) / span - tree))
        return best

    @property
    def cpu_seconds(self) -> float:
        """The tree's CPU seconds from the first sample to the last. A worker that died meanwhile is still in it."""
        return max(0.0, self.cpu[-1].tree - self.cpu[0].tree) if self.cpu else 0.0


def busy_seconds(cores: Sequence[int]) -> float:
    """Return for how long these cores have not been idle, in s; 0 without cores."""
    if not cores:
        return 0.0
    times = psutil.cpu_times(percpu=True)
    busy = 0.0
    for core in cores:
        if core < len(times):
            # Guests are in user already.
            idle = times[core].idle + getattr(times[core], "iowait", 0.0)
            guests = getattr(times[core], "guest", 0.0) + getattr(times[core], "guest_nice", 0.0)
            busy += sum(times[core]) - idle - guests
    return busy


def memory_of(process: psutil.Process) -> float:
    """Return a process's memory in bytes: its proportional share where the system tells it, else what is resident."""
    try:
        full = process.memory_full_info()
        return float(getattr(full, "pss", full.rss))
    except psutil.AccessDenied:
        return float(process.memory_info().rss)
