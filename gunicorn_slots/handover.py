# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""The queue of connections that a worker hands over: kept ones whose next request found no free thread there.

It is a second queue in the kernel beside the listeners', shared by all workers, first in, first out. A worker with a
free thread takes from it as it takes from a listener.
"""

from __future__ import annotations

import array
import contextlib
import functools
import marshal
import math
import mmap
import os
import select
import socket
import struct
from typing import Any, NamedTuple

from gunicorn_slots.limits import HANDED_BYTES

TIME = struct.Struct("d")
NEVER = math.inf
MESSAGE_BYTES = 1024  # more than the addresses of any connection need
RIGHTS_BYTES = socket.CMSG_SPACE(array.array("i").itemsize)
CLOSED_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)  # what an app starts must not keep a connection open


class Handed(NamedTuple):
    """A connection that was handed over.

    Attributes:
        idle: whether no request has come on it.
        family, descriptor: of its socket.
        client, server: its addresses.
    """

    idle: bool
    family: int
    descriptor: int
    client: Any
    server: Any


class Handover:
    """The queue, and what all workers know about the order of things.

    Attributes:
        inlet, outlet: its ends, of which every worker has both.
    """

    def __init__(self) -> None:
        self.inlet, self.outlet = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self.inlet, self.outlet):
            end.setblocking(False)
        self.inlet.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, HANDED_BYTES)
        self.shared = mmap.mmap(-1, TIME.size + 1)  # anonymous memory, shared over fork

    def put(self, sock: socket.socket, arrived: float, idle: bool, client: Any, server: Any) -> bool:
        """Hand a connection over, and close it here; False if the kernel takes no more of them.

        Args:
            sock: the connection's.
            arrived: when its request did, by time.monotonic(), which all processes share.
            idle: whether there is none yet.
            client, server: its addresses.
        """
        data = TIME.pack(arrived) + marshal.dumps((idle, int(sock.family), client, server))
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [sock.fileno()]))]
        try:
            self.inlet.sendmsg([data], rights, socket.MSG_DONTWAIT)
        except OSError:
            return False
        sock.close()
        return True

    def oldest(self) -> float:
        """Return when the request of the next one arrived; NEVER if there is none."""
        try:
            return float(TIME.unpack(self.outlet.recv(TIME.size, socket.MSG_PEEK))[0])
        except (OSError, struct.error):
            return NEVER

    def take(self) -> Handed | None:
        """Return the next one; None if there is none.

        Raises:
            OSError: no file descriptor is left for it, so that it stays in the queue.
        """
        os.close(os.dup(self.outlet.fileno()))  # the kernel would drop it
        try:
            data, rights, _, _ = self.outlet.recvmsg(MESSAGE_BYTES, RIGHTS_BYTES, CLOSED_ON_EXEC)
        except OSError:
            return None
        if not rights:  # no descriptor was left for it
            return None
        idle, family, client, server = marshal.loads(data[TIME.size :])  # noqa: S302 - the workers' own
        return Handed(idle, family, array.array("i", rights[0][2])[0], client, server)

    @property
    def newest_accepted(self) -> float:
        """When the request of the connection arrived that was last taken from a listener while others waited here."""
        return float(TIME.unpack_from(self.shared)[0])

    @newest_accepted.setter
    def newest_accepted(self, arrived: float) -> None:
        self.shared[: TIME.size] = TIME.pack(arrived)

    @property
    def is_left(self) -> bool:
        """Whether only those who end will take from the queue: all of the server stops, or other workers follow."""
        return bool(self.shared[TIME.size])

    @is_left.setter
    def is_left(self, left: bool) -> None:
        self.shared[TIME.size] = left


@functools.cache
def shared_queue() -> Handover | None:
    """Return the queue, which the first call makes: before the first fork; None where the system has no such thing."""
    with contextlib.suppress(OSError, AttributeError):
        return Handover() if hasattr(select, "epoll") else None
    return None
