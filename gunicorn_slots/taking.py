# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""What a worker takes into a free slot, and in which order: new connections, those handed over, and its own."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from typing import Any

from gunicorn_slots.arrival import last_data_ms
from gunicorn_slots.connection import SlotConnection
from gunicorn_slots.handover import NEVER
from gunicorn_slots.limits import PATIENCE_SECONDS, STARVED_SECONDS, STAY_SECONDS, TOGETHER_SECONDS
from gunicorn_slots.receiving import ReceivingWorker


class TakingWorker(ReceivingWorker):
    """gthread, but a slot that comes free takes the request that has waited longest, as far as anybody can know."""

    turn = 0  # which listener comes next
    seen = 0  # how many requests were over at the last look at what is pending
    looked_on = ended_at = starved_at = 0.0  # when that was, and when it was seen that some ended, and that it was late

    def accept(self, listener: Any) -> bool:
        """Take a connection, if a slot is free; say whether there was one."""
        if not self.take_slot():
            return False
        conn = self.accepted(listener)
        self.enqueue_or_give(conn)
        return bool(conn)

    def came(self, conn: SlotConnection) -> None:
        """Have a request served that has come to the main loop."""
        if self.take_slot():
            self.enqueue_req(conn)
            return
        # The keys of TLS are here, so that nobody else could serve it.
        (self.ahead if self.is_ssl else self.pending).append((time.monotonic(), conn))
        if self.take_slot():  # it came free meanwhile
            self.enqueue_or_give(self.next_waiting())

    def pass_on(self, now: float) -> None:
        """Hand over what is pending and whose turn does not seem to come soon.

        It comes soon as long as requests end here, one after the other. And where this process hardly gets the CPU,
        nobody is faster, most likely. What waits here is lost if the worker is killed, and what was handed over is not.
        """
        if self.served != self.seen:
            self.seen, self.ended_at = self.served, now
        if now - self.looked_on >= STARVED_SECONDS:
            self.starved_at = now
        self.looked_on = now
        soon = now - max(self.ended_at, self.starved_at) < PATIENCE_SECONDS
        stays = STAY_SECONDS if soon else PATIENCE_SECONDS
        while now - since(self.pending) >= (stays if self.alive else PATIENCE_SECONDS):
            try:
                arrived, conn = self.pending.popleft()
            except IndexError:  # a thread has taken it
                return
            if not self.hand_over(conn, arrived):
                self.pending.appendleft((arrived, conn))
                self.fill()  # a thread may have seen nothing meanwhile
                return

    def hand_over(self, conn: SlotConnection, arrived: float, idle: bool = False) -> bool:
        """Give a connection to whichever worker takes it; False if there is no room in the queue, or nobody."""
        if not self.handover or (self.stops and not self.alive):
            return False
        conn.unwatch()
        if not self.handover.put(conn.sock, arrived, idle, conn.client, conn.server):
            return False
        conn.parser = None  # it knows the connection: the two would wait for the garbage collector
        return True

    def take_handed(self) -> bool:
        """Have a request served that was handed over, if a slot is free; say whether there was one."""
        if not self.handover or not self.take_slot():
            return False
        handed = self.taken()
        self.enqueue_or_give(self.received(handed) if handed else None)
        return bool(handed)

    def next_waiting(self, queue: Any = None) -> SlotConnection | None:
        """Return the connection whose request has waited longest; None if there is none.

        It looks at the queues in which something is known to wait, and at the one that is named. When the next
        connection of a listener arrived, nobody knows but by taking it. One that turns out to have come later than
        others that wait goes behind them, and until they are served, nobody looks at the listeners.
        """
        if queue is None and not (self.queues.known or self.ahead):  # as mostly where threads take one after the other
            try:
                return self.pending.popleft()[1]
            except IndexError:
                return None
        handover = self.handover
        while True:
            looks = {queue, *self.queues.known} if self.alive else set()
            here = self.pending if since(self.pending) <= since(self.ahead) else self.ahead
            handed = NEVER
            if handover and handover.outlet in looks:
                handed = handover.oldest()
                if handed == NEVER:
                    self.queues.found_empty(handover.outlet)
            known = min(since(here), handed)
            if looks and not (handover and known <= handover.newest_accepted):
                conn = self.any_accepted(known, looks)
                if conn:
                    return conn
            if known == NEVER:
                return None
            if handover and handed == known:
                found = self.taken()
                conn = self.received(found) if found else None
                if conn:
                    return conn
            else:
                with contextlib.suppress(IndexError):  # another thread was faster
                    return here.popleft()[1]

    def any_accepted(self, known: float, looks: set[Any]) -> SlotConnection | None:
        """Take a connection from one of the listeners, each in its turn, that does not come before what is known."""
        self.turn += 1
        first = self.turn  # threads change it
        for number in range(len(self.sockets)):
            listener = self.sockets[(first + number) % len(self.sockets)]
            if listener not in looks:
                continue
            conn = self.accepted(listener)
            if conn is None:
                self.queues.found_empty(listener)
                continue
            if known == NEVER:
                return conn
            data = last_data_ms(conn.sock)
            arrived = time.monotonic() - (data[1] / 1e3 if data else 0)
            if self.handover:
                self.handover.newest_accepted = arrived
            if arrived < known + TOGETHER_SECONDS or not self.hand_over(conn, arrived):
                return conn
        return None


def since(waiting: deque[tuple[float, SlotConnection]]) -> float:
    """Return when the request arrived that comes first; NEVER if there is none."""
    try:
        return waiting[0][0]
    except IndexError:
        return NEVER
