# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""A worker's free slots, and the two queues that it looks at while it has one."""

from __future__ import annotations

import errno
import os
import time
from collections import deque
from typing import Any

from gunicorn_slots.aside import Aside, Lingering, Parked
from gunicorn_slots.connection import SlotConnection
from gunicorn_slots.counted import CountedWorker
from gunicorn_slots.handover import shared_queue
from gunicorn_slots.hanging import HangWatch
from gunicorn_slots.kept import Kept
from gunicorn_slots.limits import NOTIFY_SECONDS, PATIENCE_SECONDS
from gunicorn_slots.queues import Queues
from gunicorn_slots.shaking import Shaking
from gunicorn_slots.threads import Threads
from gunicorn_slots.yielding import Yielding


class FreeSlotsWorker(CountedWorker):
    """gthread, but whoever has a request served takes a slot out of those that are free, in any thread.

    Attributes:
        served: how many requests are over.
        is_ssl: whether its connections have TLS.
        fills: whether the main loop will have served what waits, as a thread has asked it to.
        free: an entry for each free slot.
        pending: when its request arrived, and a kept connection that has found no free slot yet.
        ahead: the same of a connection whose next request was read with the last one, so that it must stay here.
        queues: those that all workers share, the listeners' and the handover's.
        handover: the queue that the workers have beside the listeners'.
    """

    alive: bool
    watch: HangWatch
    fills = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.parked, self.shaking, self.lingering, self.kept = Parked(self), Shaking(self), Lingering(self), Kept(self)
        self.aside: tuple[Aside, ...] = (self.parked, self.shaking, self.lingering, self.kept)
        self.free: deque[None] = deque()
        self.pending: deque[tuple[float, SlotConnection]] = deque()
        self.ahead: deque[tuple[float, SlotConnection]] = deque()
        self.handover = shared_queue()
        self.queues = Queues(self)
        self.notified, self.served = 0.0, 0
        self.yielding = Yielding(self.watch)
        super().__init__(*args, **kwargs)
        self.free.extend([None] * self.cfg.threads)
        self.is_ssl = self.cfg.is_ssl

    def next_waiting(self, queue: Any = None) -> SlotConnection | None:
        """Return the connection whose request has waited longest, maybe in this queue; None if there is none."""
        raise NotImplementedError

    def enqueue_req(self, conn: SlotConnection) -> None:
        """Have a thread serve a connection that has a slot."""
        raise NotImplementedError

    def work(self, conn: SlotConnection) -> bool:
        """Serve a connection, in a thread of the pool; say whether the thread is needed."""
        raise NotImplementedError

    def get_thread_pool(self) -> Threads:
        return Threads(self.cfg.threads, self.work)

    def notify(self) -> None:
        now = time.monotonic()
        if now - self.notified >= NOTIFY_SECONDS:
            self.notified = now
            super().notify()

    def is_parent_alive(self) -> bool:
        alive = bool(super().is_parent_alive())
        self.alive = self.alive and alive
        return alive

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        try:
            events = self.poller.select(PATIENCE_SECONDS if self.pending and not self.stops else timeout)
        except OSError as error:
            if error.errno != errno.EINTR:
                raise
            return
        kept = []
        for key, mask in events:
            if key.data.__class__ is SlotConnection:
                kept.append((key.data, mask))
            else:
                key.data(key.fileobj)
        for conn, mask in kept:  # what waits for all workers has come first
            self.kept.has_event(conn, mask)

    @property
    def stops(self) -> bool:
        """Whether all of the server does, or has lost its arbiter: nobody else will serve what is left."""
        return self.handover is None or self.handover.is_left or os.getppid() != self.ppid

    @property
    def keeps_all(self) -> bool:
        """Whether as many as may be have not asked for anything yet; the kernel keeps the others."""
        return self.parked.keeps_all or self.shaking.keeps_all

    def set_accept_enabled(self, enabled: bool) -> None:
        """Look at the queues, as far as may be; called by the main loop, whatever it believes."""
        self._accepting = self.alive and not self.keeps_all
        self.queues.look(self.sockets, self._accepting)
        self.queues.look([self.handover.outlet] if self.handover else [], self.alive)

    def on_queue(self, queue: Any) -> None:
        """Called by the poller's dispatcher: something waits in one of the queues."""
        if self.keeps_all and queue in self.sockets:
            self.set_accept_enabled(False)
        elif self.take_slot():
            self.enqueue_or_give(self.next_waiting(queue))
        else:
            self.queues.leave_to_threads(queue)
            self.fill()  # a slot may have come free meanwhile

    def fill(self) -> None:
        """Have served what waits, as long as there are free slots."""
        self.fills = False
        for _ in range(self.cfg.threads):
            if not (self.is_waited_for and self.take_slot()):
                return
            conn = self.next_waiting()
            self.enqueue_or_give(conn)
            if not conn:
                return
        if self.is_waited_for and self.free:
            self.ask_to_fill()  # the main loop has other things to do, too

    def ask_to_fill(self) -> None:
        """Have the main loop have served what waits, in its turn."""
        if not self.fills:
            self.fills = True
            self.method_queue.defer(self.fill)

    @property
    def is_waited_for(self) -> bool:
        """Whether something is known to wait for a slot."""
        return bool(self.pending or self.ahead or (self.alive and self.queues.known))

    def take_slot(self) -> bool:
        """Take a free slot, if there is one."""
        try:
            self.free.pop()
        except IndexError:
            return False
        return True

    def give_slot(self) -> None:
        """Give a slot back."""
        self.free.append(None)
        if not self.alive:
            self.method_queue.defer(bool)  # wakes the main loop: it may have been the last one

    def enqueue_or_give(self, conn: SlotConnection | None) -> None:
        """Have a connection served for which there is a slot; None is none."""
        if conn:
            self.enqueue_req(conn)
        else:
            self.give_slot()

    def after(self) -> SlotConnection | None:
        """Return what a thread serves next whose request is over; None if that is not its own to take.

        New connections are the main loop's to distribute: a thread that took them itself would hold on to the CPU for
        all of its time slice, and what the others are in the middle of would wait.
        """
        self.served += 1
        if not self.queues.known.isdisjoint(self.sockets):
            self.give_slot()
            self.ask_to_fill()
            return None
        self.yielding.let_others_go_first()
        while True:
            if self.pending or self.ahead or self.queues.known:
                conn = self.next_waiting()
                if conn:
                    return conn
            self.give_slot()
            if not (self.is_waited_for and self.take_slot()):
                return None
