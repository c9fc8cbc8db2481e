# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""What a worker asks of the kernel for its sockets, and how a connection ends politely."""

from __future__ import annotations

import contextlib
import resource
import socket
import sys
from collections.abc import Iterable
from typing import Any

from gunicorn_slots.limits import SILENT_SECONDS, SPARE_DESCRIPTORS

TCP = (socket.AF_INET, socket.AF_INET6)


class SlotSocket(socket.socket):
    """A connection's. gunicorn makes it block before each request, which would be a system call."""

    def setblocking(self, flag: bool) -> None:
        if self.gettimeout() != (None if flag else 0):
            super().setblocking(flag)


def defer_silent(listeners: Iterable[Any]) -> None:
    """Let the kernel keep a new connection until its first byte is there (Linux, TCP)."""
    option = getattr(socket, "TCP_DEFER_ACCEPT", None)
    for listener in listeners:
        if option is not None and listener.sock.family in TCP:
            with contextlib.suppress(OSError):  # a sandbox may not know it; parking does the same, later
                listener.sock.setsockopt(socket.IPPROTO_TCP, option, SILENT_SECONDS)


def notice_gone(sock: socket.socket, seconds: int) -> None:
    """Have the kernel end a connection whose client has vanished: trying again, it would look alive for long."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None and seconds and sock.family in TCP:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, option, (seconds + 10) * 1000)  # later than a request that hangs


def first_byte(sock: socket.socket) -> bool | None:
    """Say whether there is something to read: False if the peer has closed, None if it is silent."""
    try:
        return bool(sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except BlockingIOError:
        return None
    except OSError:
        return False


def descriptors() -> int:
    """Return how many file descriptors this process may have."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if most == resource.RLIM_INFINITY else most


def is_among_the_last(descriptor: int) -> bool:
    """Whether few file descriptors are left, as this one is the lowest that was free."""
    return descriptor >= descriptors() - SPARE_DESCRIPTORS


def half_close(sock: socket.socket) -> bool:
    """Tell the peer that nothing more comes; False if the connection is over already."""
    try:
        sock.setblocking(False)
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        return False
    return True


def drain(sock: socket.socket, most: int) -> int:
    """Read what a client still sends; return how many bytes more may come, 0 when the connection is over."""
    try:
        received = len(sock.recv(most))
    except BlockingIOError:
        return most
    except OSError:
        return 0
    return most - received if received else 0


def queued(listener: Any, backlog: int) -> int:
    """Return how many connections a listener may have waiting; accept() notices when there are no more."""
    known = listener.get_backlog()
    return int(backlog if known is None or known < 0 else known)  # nobody counts a Unix socket's
