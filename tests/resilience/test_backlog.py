"""More connections at once than the kernel keeps."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.resilience.conftest import FAULTY, Record, Serve
from tests.resilience.rows import STACK

pytestmark = pytest.mark.process

CONNECTIONS = 2_000


async def ask(port: int, number: int) -> str:
    """Make one request; return `answered` in full, `refused`, `unanswered` (closed without a byte), or `half`."""
    received = b""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return "refused"
    with contextlib.suppress(OSError):
        writer.write(f"GET /io?ms=20&number={number} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        received = await reader.read(-1)
    writer.close()
    if received.startswith(b"HTTP/1.1 200 ") and received.endswith(f'{{"number":"{number}"}}\n'.encode()):
        return "answered"
    return "half" if received else "unanswered"


@pytest.fixture
def descriptors() -> Iterator[None]:
    """Enough for all connections; many a shell allows 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * CONNECTIONS)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def ask_all(port: int) -> list[str]:
    tasks = [asyncio.wait_for(ask(port, number), 90) for number in range(CONNECTIONS)]
    return [str(outcome) for outcome in await asyncio.gather(*tasks)]


@pytest.mark.usefixtures("descriptors")
def test_backlog_full(who: str, serve: Serve, record: Record, tmp_path: Path) -> None:
    served_file = tmp_path / "served"
    served_file.touch()
    with serve(FAULTY, {"SERVED_FILE": str(served_file)}, "--backlog", "512") as server:
        begin = time.monotonic()
        outcomes = asyncio.run(ask_all(server.port))
        took = time.monotonic() - begin
        begin = time.monotonic()
        status = server.get("/healthz")[0]
        recovered = time.monotonic() - begin
        log = server.log.read_text()
    served = Counter(served_file.read_text().split())
    found = Counter(outcomes)
    twice = sum(times > 1 for times in served.values())
    note = f"{took:.0f} s, {found['refused']} refused, {twice} twice, {found['half']} half"
    record("backlog", who, CONNECTIONS, CONNECTIONS - found["answered"], note)
    if who == STACK:
        assert twice == found["half"] == 0
        assert found["answered"] + found["refused"] == CONNECTIONS, found
        assert len(served) == found["answered"] > 512
        assert status == 200
        assert recovered < 1
        assert "Traceback" not in log
