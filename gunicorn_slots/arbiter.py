# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""gunicorn's arbiter, but a worker that takes no more connections is none of its N: a new one follows at once.

gunicorn counts a worker until its last response is over, so a few that never end would take down all of the server.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from typing import Any

from gunicorn.arbiter import Arbiter

from gunicorn_slots.handover import shared_queue
from gunicorn_slots.limits import LEAVING_SECONDS


class ReplacingArbiter(Arbiter):  # type: ignore[misc] # gunicorn ships no types
    """Keeps the workers that leave beside those that serve, its `WORKERS`.

    Attributes:
        leaving: by pid, a worker that leaves and since when, the first to leave first.
        most: how many may leave at a time, as memory has an end: as many as have ever served at a time.
    """

    leaving: dict[int, tuple[Any, float]]
    most: int

    def manage_workers(self) -> None:
        """Called once a second, and after each signal."""
        self.see_off(time.monotonic())
        super().manage_workers()

    def see_off(self, now: float) -> None:
        """Set those aside that leave by themselves, and tell those to leave that are too many."""
        serving = sorted(self.WORKERS.items(), key=lambda item: item[1].age)
        staying = [pid for pid, worker in serving if not has_said(worker)]
        told = staying[: max(0, len(staying) - self.num_workers)]
        again = [pid for pid, (worker, _) in self.leaving.items() if not has_said(worker)]  # gthread can miss it
        for pid in told + again:
            self.kill_worker(pid, signal.SIGTERM)
        for pid, worker in serving:
            if pid in told or pid not in staying:
                self.leaving[pid] = (worker, now)
                self.WORKERS.pop(pid, None)
        self.hurry(now)

    def hurry(self, now: float) -> None:
        """Have those end that have left first, if more of them take long than may; most are gone in a moment."""
        self.most = max(self.most, self.num_workers)
        for times, seconds in LEAVING_SECONDS.items():
            slow = [worker for worker, since in self.leaving.values() if now - since >= seconds]
            for worker in slow[: max(0, len(slow) - times * self.most)]:
                if hasattr(worker, "farewell"):
                    worker.farewell.ask()

    @contextlib.contextmanager
    def everyone(self) -> Iterator[None]:
        """Count those that leave among the workers until the block ends, as they are processes like the others."""
        self.WORKERS.update((pid, worker) for pid, (worker, _) in self.leaving.items())
        try:
            yield
        finally:
            self.leaving = {pid: left for pid, left in self.leaving.items() if self.WORKERS.pop(pid, None)}

    def spawn_worker(self) -> Any:
        with self.everyone():  # the new one closes what it has inherited of the others
            pid = super().spawn_worker()
        # After a HUP that sets another class, nobody would take what those who end hand over.
        leave_queue(not hasattr(self.WORKERS.get(pid), "exact_slots"))
        return pid

    def murder_workers(self) -> None:
        with self.everyone():
            super().murder_workers()

    def reap_workers(self) -> None:
        with self.everyone():
            super().reap_workers()

    def kill_workers(self, sig: int) -> None:
        if not self.num_workers:  # WINCH: nobody follows here
            leave_queue()
        with self.everyone():
            super().kill_workers(sig)

    def stop(self, graceful: bool = True) -> None:
        self.WORKERS.update((pid, worker) for pid, (worker, _) in self.leaving.items())
        self.leaving = {}
        leave_queue()
        super().stop(graceful)


def leave_queue(left: bool = True) -> None:
    """Let nobody hand a connection over any more, as nobody would take it, or let them again."""
    if queue := shared_queue():
        queue.is_left = left


def has_said(worker: Any) -> bool:
    """Whether a worker has said that it takes no more connections; gunicorn's own never do."""
    return hasattr(worker, "farewell") and worker.farewell.said


def replace(cfg: Any) -> None:
    """Have the arbiter of this configuration replace workers that leave, from its first fork on."""
    if getattr(cfg, "replaces_by_gunicorn_slots", False):
        return
    cfg.replaces_by_gunicorn_slots = True
    own_hook = cfg.pre_fork

    def pre_fork(arbiter: Any, worker: Any) -> None:
        kind = type(arbiter)
        if not issubclass(kind, ReplacingArbiter):  # the same object: gunicorn's signal handlers are bound to it
            arbiter.__class__ = type(kind.__name__, (ReplacingArbiter, kind), {})
            arbiter.leaving, arbiter.most = {}, 0
        worker.signals_of_arbiter = arbiter.SIG_QUEUE
        own_hook(arbiter, worker)

    cfg.set("pre_fork", pre_fork)
