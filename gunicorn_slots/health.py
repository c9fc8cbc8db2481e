# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""The image's health check: an answer below 500 within 5 s, on PORT, else wherever this container listens.

Run as a file and by itself, so that it takes a moment: `python -I gunicorn_slots/health.py`. It asks no proxy.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import sys
from collections.abc import Iterable, Iterator

PATH, SECONDS = "/healthz", 5
LISTENING = "0A"  # the state of a socket in /proc/net/tcp
TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def main() -> int:
    """Return 0 if the app is well."""
    addresses = [("127.0.0.1", int(os.environ.get("PORT") or 8000))]
    try:
        return int(status(*addresses[0]) >= 500)
    except ConnectionRefusedError:
        addresses = list(listening(TABLES, own_sockets()))
    except (OSError, http.client.HTTPException):
        return 1
    for address in addresses:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return int(status(*address) >= 500)
    return 1


def status(host: str, port: int) -> int:
    """Return the status of an answer."""
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    connection.request("GET", PATH)
    return connection.getresponse().status


def own_sockets(proc: str = "/proc") -> set[str]:
    """Return the inodes of the sockets that the processes here have; on a host's network there are others."""
    found = set()
    for process in filter(str.isdigit, os.listdir(proc)):
        with contextlib.suppress(OSError):
            for file in os.scandir(f"{proc}/{process}/fd"):
                with contextlib.suppress(OSError):
                    found.add(os.readlink(file.path))
    return {link[len("socket:[") : -1] for link in found if link.startswith("socket:[")}


def listening(tables: Iterable[str], inodes: set[str]) -> Iterator[tuple[str, int]]:
    """Yield the addresses at which the sockets of these inodes listen, as they are reached."""
    for table in tables:
        with contextlib.suppress(OSError), open(table, encoding="ascii") as file:
            for fields in map(str.split, list(file)[1:]):
                if fields[3] == LISTENING and fields[9] in inodes:
                    host, _, port = fields[1].partition(":")
                    yield reached(host), int(port, 16)


def reached(host: str) -> str:
    """Return an address from what the kernel's table has: words of 32 bits, each in the machine's order."""
    words = [bytes.fromhex(host[at : at + 8]) for at in range(0, len(host), 8)]
    packed = b"".join(word[::-1] if sys.byteorder == "little" else word for word in words)
    address = socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)
    return EVERYWHERE.get(address, address)


if __name__ == "__main__":
    sys.exit(main())
