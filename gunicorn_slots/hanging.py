# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""Requests that hang: they lose their slot, and their worker ends in its turn if their threads stay.

gthread's `timeout` doesn't see one. After SLOT_REQUEST_SECONDS without a byte to or from its client, its connection is
closed, and a new thread serves in place of the one that hangs. Nobody can end that one, so the worker then ends when no
other one has just done so and nothing long is under way, and a new worker takes its place. TCP on Linux only: elsewhere
nobody counts the bytes.
"""

from __future__ import annotations

import contextlib
import logging
import mmap
import os
import socket
import struct
import sys
import time
from typing import Any

from gunicorn_slots.arrival import last_data_ms
from gunicorn_slots.connection import SlotConnection, described
from gunicorn_slots.held import HeldTime
from gunicorn_slots.limits import TURN_SECONDS


class Turn:
    """When a worker has last ended because of threads that hang, by time.monotonic(); all workers share it."""

    def __init__(self) -> None:
        self.shared = mmap.mmap(-1, struct.calcsize("d"))  # anonymous memory, shared over fork

    def has_come(self, now: float) -> bool:
        """Whether that is so long ago that the next one may end."""
        return bool(now - struct.unpack("d", self.shared)[0] >= TURN_SECONDS)

    def take(self, now: float) -> None:
        """Note that a worker ends."""
        self.shared[:] = struct.pack("d", now)


TURN = Turn()  # made before the first fork, as a worker's class is loaded before it


class HangWatch:
    """What a worker serves, and what of it hangs.

    Attributes:
        serving: connection to when it got its slot, the oldest first.
        running: those of them that are in a thread.
        holding: those that have been in a thread, and have their slot yet.
        hanging: connection to when it was given up, if its thread has not ended since.
        held: how long its slots have been held.
    """

    def __init__(self, worker: Any, limit: int) -> None:
        """Watch a worker's requests; `limit` in seconds, 0 is none."""
        self.worker, self.limit = worker, limit
        self.serving: dict[SlotConnection, float] = {}
        self.running: set[SlotConnection] = set()
        self.holding: set[SlotConnection] = set()
        self.hanging: dict[SlotConnection, float] = {}
        self.looked_at = 0.0
        self.held = HeldTime()

    def begin(self, conn: SlotConnection) -> None:
        """Note that a connection has got its slot, or waits for a thread of this worker."""
        self.serving[conn] = time.monotonic()

    def oldest(self, now: float) -> float:
        """Return when the request got its slot that has been under way for longest; `now` if none is."""
        try:
            return next(iter(self.serving.values()))
        except (StopIteration, RuntimeError):  # another thread has changed it meanwhile
            return now

    def start(self, conn: SlotConnection) -> None:
        """Note that a connection has got a thread, in that thread."""
        self.running.add(conn)
        self.holding.add(conn)
        self.held.begin()

    def release(self, conn: SlotConnection) -> None:
        """Note that a connection's slot is free, if it had one."""
        try:  # contextlib.suppress() would take longer than the rest
            self.holding.remove(conn)
        except KeyError:
            return
        self.held.end()

    def end(self, conn: SlotConnection) -> bool:
        """Note that a connection's thread has ended; False if it was given up before."""
        self.release(conn)
        if self.serving.pop(conn, None) is not None:
            return True
        self.hanging.pop(conn, None)
        return False

    def look(self, now: float) -> None:
        """Look for requests that hang, once a second at the most."""
        if now - self.looked_at < 1 or not self.limit:
            return
        self.looked_at = now
        for conn, since in list(self.serving.items()):
            if now - since <= self.limit:
                break
            # One that is in no thread waits for one, and one that has sent or got something is a long download, say.
            if conn in self.running and quiet_seconds(conn.sock) >= self.limit:
                self.give_up(conn, since, now)
        self.end_worker_in_turn(now)

    def give_up(self, conn: SlotConnection, since: float, now: float) -> None:
        """Take the slot from a request that hangs."""
        self.worker.log.error(
            "Gave up on %s: hangs for %.0f s (SLOT_REQUEST_SECONDS=%s)", described(conn), now - since, self.limit
        )
        self.drop(conn, now)

    def drop(self, conn: SlotConnection, now: float) -> None:
        """Wait for a request no more."""
        with contextlib.suppress(OSError):
            conn.sock.shutdown(socket.SHUT_RDWR)  # ends a thread that waits for this client
        self.hanging[conn] = now
        if self.serving.pop(conn, None) is None:  # it has just ended
            self.hanging.pop(conn, None)
            return
        self.worker.tpool.replace_one()
        self.release(conn)
        self.worker.give_slot()
        self.worker.fill()

    def end_worker_in_turn(self, now: float) -> None:
        """End the worker if it has threads that hang, and no other worker has just ended for that."""
        worker = self.worker
        stuck = sum(now - since >= 1 for since in self.hanging.values())
        # An only worker that ends leaves nobody to serve, and one with long requests would not be back soon.
        patience = 1 if worker.cfg.workers > 1 else 0
        calm = all(now - since < patience for since in list(self.serving.values()))
        if worker.alive and stuck and ((TURN.has_come(now) and calm) or stuck >= worker.cfg.threads):
            worker.log.error("Worker %s ends, as threads of it hang (%s); a new one follows", worker.pid, stuck)
            TURN.take(now)
            worker.alive = False

    def leave_threads_behind(self) -> None:
        """Have the process end although a request hangs, after gunicorn's last hook.

        Python waits for no thread of this package, but for those of an app's own pool, in which it may hang.
        """
        cfg = self.worker.cfg
        last_hook = cfg.worker_exit

        def worker_exit(server: Any, worker: Any) -> None:
            try:
                last_hook(server, worker)
            finally:
                if self.running:
                    status = getattr(sys.exc_info()[1], "code", 0)
                    try:
                        logging.shutdown()
                        sys.stdout.flush()
                    finally:
                        os._exit(status if isinstance(status, int) else 0)

        cfg.set("worker_exit", worker_exit)


def quiet_seconds(sock: socket.socket) -> float:
    """Return for how long no data has gone to the client or come from it; 0 where nobody counts."""
    return min(last_data_ms(sock) or (0,)) / 1e3
