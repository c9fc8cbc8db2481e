"""Responses that never end: one of each worker."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Iterator


def is_over(sock: socket.socket) -> bool:
    """Whether a response has ended; what it has sent so far is read."""
    sock.setblocking(False)
    try:
        while sock.recv(65536):
            pass
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def worker_of(sock: socket.socket) -> int:
    """Return the pid of the worker that answers, as the faulty app names it."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += sock.recv(65536)
    found = re.search(rb"^Worker: (\d+)\r$", head, re.MULTILINE)
    assert found, head
    return int(found[1])


@contextlib.contextmanager
def streams(port: int, workers: int = 3) -> Iterator[dict[int, socket.socket]]:
    """Hold an endless response of each of so many workers; yields them by their worker's pid.

    Raises:
        TimeoutError: some workers get no request, which under bare gunicorn is chance.
    """
    held: dict[int, socket.socket] = {}
    end = time.monotonic() + 30
    with contextlib.ExitStack() as stack:
        while len(held) < workers:
            if time.monotonic() > end:
                raise TimeoutError(f"only {len(held)} of {workers} workers answer")
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=2))
            sock.sendall(b"GET /stream?lines=1000000 HTTP/1.1\r\nHost: x\r\n\r\n")
            with contextlib.suppress(TimeoutError):  # it waits in a worker whose threads are all busy
                pid = worker_of(sock)
                if pid not in held:
                    held[pid] = sock
                    continue
            sock.close()
        yield held
