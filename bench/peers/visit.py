"""What is measured of one server: it runs for as long as that takes, on the app's core, with nothing beside it."""

from __future__ import annotations

import contextlib
import http.client
import tempfile
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.peers.servers import Peer
from sweep.measure.observer import Observer
from sweep.measure.processes import Processes
from tests.bed import ROOT, clean_environ, free_port
from tests.bed.clients import half_heads, unread
from tests.bed.cores import cores
from tests.bed.waiting import wait_for_200
from tests.bed.wrk import Answers, wrk

Found = dict[str, float | None]


@dataclass(frozen=True)
class Plan:
    """How long each load lasts, in s; wrk takes whole ones, and 0 leaves a load out.

    Attributes:
        warm: hello, before anything is measured.
        io: the route that waits 100 ms.
        hello: once with kept connections, once without.
        large: 5 MB responses.
        hang: how long somebody asks while 17 requests hang.
        head: how long somebody waits for an answer behind 18 half heads.
    """

    warm: int = 1
    io: int = 2
    hello: int = 1
    large: int = 1
    hang: float = 1.5
    head: float = 12.0


@dataclass(frozen=True)
class Used:
    """What a load took: CPU seconds of the server's process tree, and the share of its core that others had."""

    cpu: float
    others: float


class Running:
    """A server that answers.

    Attributes:
        port: where, on 127.0.0.1.
        observer: looks at its process tree.
    """

    def __init__(self, port: int, pid: int, pin: Collection[int]) -> None:
        self.port, self.observer = port, Observer(pid, sorted(pin))

    def load(self, path: str, clients: int, seconds: int, *, close: bool = False) -> tuple[Answers, Used]:
        """Put it under load; return what wrk measured, and what that took."""
        self.observer.sample()
        before = self.observer.cpu[-1]
        answers = wrk(f"http://127.0.0.1:{self.port}{path}", clients, seconds, close=close)
        self.observer.sample()
        after = self.observer.cpu[-1]
        cpu = after.tree - before.tree
        return answers, Used(cpu, max(0.0, after.cores - before.cores - cpu) / (after.at - before.at))

    def looked_at(self, path: str, clients: int, seconds: int) -> Answers:
        """Put it under load, and look at its memory half-way too."""
        look = threading.Timer(seconds / 2, self.observer.sample)
        look.start()
        answers, _ = self.load(path, clients, seconds)
        look.join()
        return answers

    def ask(self, timeout: float) -> float | None:
        """Return after how many seconds hello is answered on a new connection, None if it is not in that time."""
        begin = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", "/hello", headers={"Connection": "close"})
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return time.monotonic() - begin if status == 200 else None


@contextlib.contextmanager
def running(peer: Peer, folder: Path) -> Iterator[Running]:
    """Run a server, whose program is in a folder, until the block ends; then kill it, as requests may hang in it.

    Raises:
        RuntimeError: it does not answer, with what it wrote.
    """
    port, (pin, _) = free_port(), cores()
    program, *options = peer.line(port)
    environ = clean_environ({"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **peer.environ})
    with tempfile.TemporaryDirectory() as elsewhere, Processes() as processes:
        log = Path(elsewhere) / "log"
        started = processes.start(
            [str(folder / program), *options], sorted(pin or ()), log, environ, ROOT if peer.here else Path(elsewhere)
        )
        try:
            wait_for_200(f"http://127.0.0.1:{port}/hello")
        except TimeoutError:
            raise RuntimeError(f"{peer.name} does not answer:\n{log.read_text(errors='replace')}") from None
        time.sleep(0.5)  # the other processes of it start, too
        yield Running(port, started.pid, pin or ())


def hanging(server: Running, seconds: float) -> Found:
    """While 17 requests hang: how often somebody asked for hello, was answered within a second, and how late."""
    times: list[float | None] = []
    with unread(server.port, 17, "/hang"):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            times.append(server.ask(1.0))
            time.sleep(0.05)
    answered = [seconds for seconds in times if seconds is not None]
    longest = round(max(answered) * 1e3, 1) if answered else None
    return {"hang_asked": len(times), "hang_answered": len(answered), "hang_longest_ms": longest}


def behind_heads(server: Running, seconds: float) -> float | None:
    """Return after how many seconds somebody is answered behind 18 half heads, None if not in that time."""
    with half_heads(server.port, 18):
        begin = time.monotonic()
        while time.monotonic() - begin < seconds:
            if server.ask(0.5) is not None:
                return round(time.monotonic() - begin, 2)
            time.sleep(0.05)
    return None


def visit(peer: Peer, folder: Path, plan: Plan) -> Found:
    """Measure a server whose program is in a folder."""
    with running(peer, folder) as server:
        if plan.warm:
            server.load("/hello", 36, plan.warm)
        time.sleep(0.3)
        server.observer.sample()
        found: Found = {"idle_mb": round(server.observer.memory_mb, 1)}
        failures, others = 0, 0.0
        for clients in (18, 36) if plan.io else ():
            answers = server.looked_at("/io", clients, plan.io)
            failures += answers.failures
            found |= {f"io{clients}_rps": round(answers.rps, 1), f"io{clients}_p95_ms": round(answers.p95, 1)}
            found |= {f"io{clients}_p99_ms": round(answers.p99, 1)}
        for name, close in (("kept", False), ("closed", True)):
            answers, used = server.load("/hello", 36, plan.hello, close=close)
            failures, others = failures + answers.failures, max(others, used.others)
            found |= {f"{name}_rps": round(answers.rps), f"{name}_cpu_us": round(used.cpu / answers.requests * 1e6)}
            found |= {f"{name}_p99_ms": round(answers.p99, 1)}
        if plan.large:
            answers = server.looked_at("/large", 18, plan.large)
            failures += answers.failures
            found["large_rps"] = round(answers.rps, 1)
        found |= {"failures": failures, "loaded_mb": round(server.observer.peak_mb, 1), "others": round(others, 3)}
        found |= hanging(server, plan.hang)
    if plan.head:
        with running(peer, folder) as server:
            found["head_first_s"] = behind_heads(server, plan.head)
    return found
