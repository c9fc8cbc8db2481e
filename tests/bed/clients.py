"""Clients that are not as polite as a load generator."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator


@contextlib.contextmanager
def silent(port: int, number: int) -> Iterator[list[socket.socket]]:
    """Hold connections that send nothing."""
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(number)]
        time.sleep(0.3)  # the server has seen them
        yield socks


@contextlib.contextmanager
def holding(port: int, number: int, sent: bytes) -> Iterator[list[socket.socket]]:
    """Hold connections that have sent this, and send and read no more."""
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(number)]
        for sock in socks:
            sock.sendall(sent)
        time.sleep(0.3)  # the server has seen them
        yield socks


def unread(port: int, number: int, path: str) -> contextlib.AbstractContextManager[list[socket.socket]]:
    """Send requests whose responses nobody reads."""
    return holding(port, number, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


def half_heads(port: int, number: int) -> contextlib.AbstractContextManager[list[socket.socket]]:
    """Send the first half of as many heads."""
    return holding(port, number, b"GET / HTTP/1.1\r\nHost: x\r\nX-Half: ")


def slow_closers(port: int, number: int, hold: float, seconds: float, stop: threading.Event) -> list[float]:
    """Request `/io?ms=100` over and over, and close each connection only `hold` seconds after its response.

    A client on a phone closes one round trip after the response; one that has crashed never does.

    Args:
        port: the server's, on 127.0.0.1.
        number: how many clients.
        hold: seconds from the end of a response to the close.
        seconds: how long to go on.
        stop: set it to end earlier.

    Returns:
        The response times in seconds, sorted.
    """
    times: list[float] = []
    end = time.monotonic() + seconds

    def one() -> None:
        while time.monotonic() < end and not stop.is_set():
            begin = time.monotonic()
            with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
                sock.sendall(b"GET /io?ms=100 HTTP/1.1\r\nHost: x\r\n\r\n")
                received = b""
                while not received.rstrip().endswith(b"}"):
                    chunk = sock.recv(4096)
                    if not chunk:
                        raise ConnectionError(f"the response ended early: {received!r}")
                    received += chunk
                times.append(time.monotonic() - begin)
                stop.wait(hold)

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(times)
