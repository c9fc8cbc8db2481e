# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""A worker's free slots, and the two queues that it looks at while it has one."""

from __future__ import annotations

import os
import selectors
import threading
from collections import deque
from typing import Any

from gunicorn.workers import gthread

from gunicorn_slots.aside import Aside, Lingering, Parked
from gunicorn_slots.connection import SlotConnection
from gunicorn_slots.handover import shared_queue
from gunicorn_slots.kept import Kept
from gunicorn_slots.limits import PATIENCE_SECONDS
from gunicorn_slots.shaking import Shaking
from gunicorn_slots.threads import Threads


class FreeSlotsWorker(gthread.ThreadWorker):  # type: ignore[misc] # gunicorn ships no types
    """gthread, but whoever has a request served takes a slot out of those that are free, in any thread.

    Attributes:
        free: an entry for each free slot.
        pending: when its request arrived, and a kept connection that has found no free slot yet.
        ahead: the same of a connection whose next request was read with the last one, so that it must stay here.
        handover: the queue that the workers have beside the listeners'.
    """

    alive: bool
    _accepting: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.parked, self.shaking, self.lingering, self.kept = Parked(self), Shaking(self), Lingering(self), Kept(self)
        self.aside: tuple[Aside, ...] = (self.parked, self.shaking, self.lingering, self.kept)
        self.free: deque[None] = deque()
        self.pending: deque[tuple[float, SlotConnection]] = deque()
        self.ahead: deque[tuple[float, SlotConnection]] = deque()
        self.handover = shared_queue()
        self.listening = threading.Lock()
        super().__init__(*args, **kwargs)
        self.free.extend([None] * self.cfg.threads)
        self.max_keepalived = 1  # gunicorn's own list of them stays empty

    def next_waiting(self, look: bool = False) -> SlotConnection | None:
        """Return the connection whose request has waited longest; `look` at both queues. None if there is none."""
        raise NotImplementedError

    def work(self, conn: SlotConnection) -> None:
        """Serve a connection, in a thread of the pool."""
        raise NotImplementedError

    def get_thread_pool(self) -> Threads:
        return Threads(self.cfg.threads, self.work)

    # --- what gunicorn's main loop asks ----------------------------------------------------------

    @property
    def nr_conns(self) -> int:
        """How many connections there are; a worker that ends waits for them."""
        busy = int(self.cfg.threads) - len(
            self.free
        )  # first, as a connection is set aside before its slot is given back
        return busy + sum(map(len, self.aside)) + len(self.pending) + len(self.ahead)

    @nr_conns.setter
    def nr_conns(self, value: int) -> None:
        pass  # gunicorn counts them, too

    @property
    def worker_connections(self) -> int:
        """How many there may be: such that gunicorn's main loop leaves the listeners as they are."""
        return self.nr_conns + self._accepting

    @worker_connections.setter
    def worker_connections(self, value: int) -> None:
        pass  # gthread's constructor sets it from the configuration

    def is_parent_alive(self) -> bool:
        alive = bool(super().is_parent_alive())
        self.alive = self.alive and alive
        return alive

    @property
    def stops(self) -> bool:
        """Whether all of the server does, or has lost its arbiter: nobody else will serve what is left."""
        return self.handover is None or self.handover.is_left or os.getppid() != self.ppid

    @property
    def keeps_all(self) -> bool:
        """Whether as many as may be have not asked for anything yet; the kernel keeps the others."""
        return self.parked.keeps_all or self.shaking.keeps_all

    def set_accept_enabled(self, enabled: bool) -> None:
        """Watch the two queues while a slot is free; called by any thread, whatever it believes."""
        with self.listening:
            enabled = bool(self.alive and self.free and not self.keeps_all)
            if enabled == self._accepting:
                return
            for source in (*self.sockets, *([self.handover.outlet] if self.handover else [])):
                if enabled:
                    source.setblocking(False)
                    self.poller.register(source, selectors.EVENT_READ, self.on_queue)
                else:
                    self.poller.unregister(source)
            self._accepting = enabled

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        events = self.poller.select(PATIENCE_SECONDS if self.pending and self.alive else timeout)
        if len(events) > 1:  # what waits for all workers comes first
            events.sort(key=lambda event: event[0].data != self.on_queue)
        for key, _ in events:
            key.data(key.fileobj)

    def on_queue(self, source: Any) -> None:
        """Called by the poller's dispatcher: something waits in one of the queues."""
        if self.keeps_all or not self.take_slot():
            self.set_accept_enabled(False)
        elif conn := self.next_waiting(look=True):
            self.enqueue_req(conn)
        else:
            self.give_slot()

    # --- slots ---------------------------------------------------------------------------------

    def take_slot(self) -> bool:
        """Take a free slot, if there is one."""
        try:
            self.free.pop()
        except IndexError:
            return False
        self.say_how_many()
        return True

    def give_slot(self) -> None:
        """Give a slot back."""
        self.free.append(None)
        self.say_how_many()
        if not self.alive:
            self.method_queue.defer(bool)  # wakes the main loop: it may have been the last one
        elif not self._accepting:
            self.set_accept_enabled(True)

    def say_how_many(self) -> None:
        """Let the other workers know how many free slots this one has."""
        if self.handover:
            self.handover.say(self.age, len(self.free) if self.alive else 0)

    def after(self) -> SlotConnection | None:
        """Return what a thread serves next whose request is over; None if nothing waits, and its slot is free."""
        while True:
            if self.pending or self.ahead or not self._accepting:
                conn = self.next_waiting()
                if conn:
                    return conn
            self.give_slot()
            if not ((self.pending or self.ahead) and self.take_slot()):
                return None
