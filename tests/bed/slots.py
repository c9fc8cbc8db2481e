"""What a running gunicorn says of its slots, and how many requests it really serves at a time."""

from __future__ import annotations

import re
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from tests.bed.gunicorn import Server


def start_line(server: Server) -> str:
    """The last line that says what is in force."""
    return [line for line in server.log.read_text().splitlines() if " vCPU" in line][-1]


def setting(server: Server) -> str:
    """The setting in force, from a worker itself."""
    found = re.search(r"workers=\d+ threads=\d+ class=\w+", server.get("/healthz")[2])
    assert found
    return found[0]


def most_at_once(port: int, requests: int, *other_ports: int, path: str = "/io?ms=500") -> int:
    """How many of these simultaneous requests end in the first wave, of a path that waits 500 ms."""
    begin = time.monotonic()
    urls = [f"http://127.0.0.1:{each}{path}" for each in (port, *other_ports)]

    def one(number: int) -> float:
        with urllib.request.urlopen(urls[number % len(urls)], timeout=20) as response:
            assert response.status == 200
        return time.monotonic() - begin

    with ThreadPoolExecutor(requests) as pool:
        ends = list(pool.map(one, range(requests)))
    return sum(end < 0.95 for end in ends)
