"""A client that talks HTTP by the byte, and notes by its own clock when it sent what, and when an answer began."""

from __future__ import annotations

import re
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import NamedTuple

ANSWER = re.compile(rb"HTTP/1\.1 ([0-9]{3}) .*?\r\n\r\n", re.DOTALL)
LENGTH = re.compile(rb"\r\nContent-Length: ([0-9]+)\r\n", re.IGNORECASE)


class Sent(NamedTuple):
    """When a piece went out, by time.monotonic(): it arrived between the two, on one machine."""

    before: float
    after: float


class Answer(NamedTuple):
    """One response.

    Attributes:
        began: when its first byte came, by time.monotonic().
        head, body: what it says.
    """

    began: float
    head: str
    body: bytes


@dataclass
class Talk:
    """One connection.

    Attributes:
        sock: its socket.
        sent: each piece that went out.
        last: of each request, its last piece.
        received: what has come and is in no answer yet; began: when its first byte came.
    """

    sock: socket.socket
    sent: list[Sent] = field(default_factory=list)
    last: list[Sent] = field(default_factory=list)
    received: bytes = b""
    began: float = 0.0

    def send(self, piece: bytes, ends: int = 1) -> None:
        """Send a piece, with which so many requests end."""
        before = time.monotonic()
        self.sock.sendall(piece)
        self.sent.append(Sent(before, time.monotonic()))
        self.last += [self.sent[-1]] * ends

    def answer(self) -> Answer:
        """Return the next response.

        Raises:
            ConnectionError: the server has closed.
        """
        while not (found := ANSWER.match(self.received)):
            self.more()
        head = found[0]
        length = LENGTH.search(head)
        end = len(head) + (int(length[1]) if length else 0)
        while len(self.received) < end:
            self.more()
        body, self.received = self.received[len(head) : end], self.received[end:]
        return Answer(self.began, head.decode("latin-1"), body)

    def more(self) -> None:
        """Wait for more."""
        chunk = self.sock.recv(65536)
        if not chunk:
            raise ConnectionError(f"closed after {self.received!r}")
        if not self.received:
            self.began = time.monotonic()
        self.received += chunk


def connected(address: str | tuple[str, int], tls: bool = False) -> Talk:
    """Connect to a TCP address, of whichever family, or to the path of a Unix socket."""
    if isinstance(address, str):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(20)
        sock.connect(address)
        return Talk(sock)
    sock = socket.create_connection(address, timeout=20)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        sock = context.wrap_socket(sock)
    return Talk(sock)
