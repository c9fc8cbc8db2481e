"""Runs a case, does as its verdict says, runs it again, and compares."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.bed.cores import cores
from tests.bed.gunicorn import Server, gunicorn
from tests.bed.locust import explained
from tests.truth.known import Known
from tests.truth.services import front_of, needs

USERS = Path(__file__).parent / "users"
SETTING = re.compile(r"GUNICORN_WORKERS=(\d+) GUNICORN_THREADS=(\d+)")
RECYCLING = re.compile(r"(GUNICORN_MAX_REQUESTS(?:_JITTER)?)=(\d+)")
UNSET = re.compile(r"leave ((?:GUNICORN_\w+(?:, | and )?)+) unset", re.IGNORECASE)


@dataclass(frozen=True)
class Measured:
    """One run.

    Attributes:
        workers, threads: what was set.
        code, text, suggestion: the verdict.
        requests, failures, rps, p95_ms: what Locust saw, in the window.
        busy, cpu: slots in use, and the share of the CPU; None where nobody says it.
        held: the route that holds the slots longest, and its share.
    """

    workers: int
    threads: int
    code: str
    text: str
    suggestion: str
    requests: int
    failures: int
    rps: float
    p95_ms: float
    busy: float | None
    cpu: float | None
    held: str

    @property
    def failing(self) -> float:
        """Share of the requests that failed."""
        return self.failures / max(1, self.requests)


def measured(workers: int, threads: int, analysis: Mapping[str, Any]) -> Measured:
    """Return what counts of an analysis."""
    verdict, load, routes = analysis["verdict"], analysis["load"], analysis["routes"]
    held = routes[0]["held_share"] if routes else None
    return Measured(
        *(workers, threads, verdict["code"], verdict["text"], verdict["suggestion"]),
        requests=load["requests"],
        failures=load["failures"],
        rps=load["rps"],
        p95_ms=analysis["response_ms"]["p95"] or 0.0,
        busy=analysis["slots_busy"],
        cpu=analysis["cpu_utilization"],
        held=f"{routes[0]['name']} {held:.0%}" if held is not None and len(routes) > 1 else "",
    )


@contextlib.contextmanager
def served(known: Known, environ: Mapping[str, str]) -> Iterator[Server]:
    """Run the case's app on its cores."""
    app, load = cores()
    pin = app if known.vcpu == 1 or not app or not load else app | load
    variables = {
        "GUNICORN_WSGI_APP": f"tests.truth.apps.{known.app}:app",
        "GUNICORN_WORKERS": str(known.workers),
        "GUNICORN_THREADS": str(known.threads),
        "SERVER_TIMING": "true",
    }
    with gunicorn(environ=variables | dict(known.environ) | dict(environ), pin=pin, ready="/ready") as server:
        yield server


def run(known: Known, services: Mapping[str, str]) -> Measured:
    """Run a case once, with what it needs at hand."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(served(known, services))
        url, environ = server.url, {"TRUTH_VISITS": known.visits, "LOCUST_PAUSE": known.pause}
        ports = [server.port]
        if known.twin:
            twin = stack.enter_context(served(replace(known, threads=known.twin), services))
            environ["TRUTH_OTHER"] = twin.url + "/"
            ports.append(twin.port)
        if known.front:
            url = stack.enter_context(front_of(known.front, ports))
        load = explained(
            *(USERS / f"{known.scenario}.py", url, "--app-memory", known.memory),
            users=known.users,
            seconds=known.seconds,
            environ=environ,
        )
    if not load.analysis:
        raise RuntimeError(f"Locust ended with {load.code}, without an analysis:\n{load.output}")
    return measured(known.workers, known.threads, load.analysis)


def followed(known: Known, first: Measured) -> Known | None:
    """Return the case as its verdict has it, None where that asks for nothing to set. Another plan is not tried."""
    if first.code == "cpu":
        return None
    text = first.suggestion.partition("go back to")[0]
    environ = dict(known.environ)
    for names in UNSET.findall(text):
        for name in re.findall(r"GUNICORN_\w+", names):
            environ.pop(name, None)
    environ |= dict(RECYCLING.findall(text))
    new = replace(known, environ=environ)
    for workers, threads in SETTING.findall(text):
        if (int(workers), int(threads)) != (known.workers, known.threads):
            new = replace(new, workers=int(workers), threads=int(threads))
            break
    return None if new == known else new


def harm(before: Measured, after: Measured) -> list[str]:
    """Return what got worse, beyond what two runs of some seconds differ by anyway."""
    found = []
    if after.failing > before.failing + 0.01 and after.failing > 1.25 * before.failing:
        found.append(f"{after.failing:.1%} fail in place of {before.failing:.1%}")
    if after.p95_ms > 1.15 * before.p95_ms + 10:
        found.append(f"p95 {after.p95_ms:.0f} ms in place of {before.p95_ms:.0f} ms")
    if after.rps < 0.87 * before.rps:
        found.append(f"{after.rps:.0f} requests/s in place of {before.rps:.0f}")
    return found


@dataclass(frozen=True)
class Case:
    """What came of a case.

    Attributes:
        before, after: its runs; after None where there was nothing to set.
        outcome: "kept", "cured", "better", "same", "taken back" or "worse".
    """

    before: Measured
    after: Measured | None
    outcome: str


def outcome(known: Known, before: Measured, after: Measured | None) -> str:
    """Say in a word what came of following the verdict."""
    if after is None:
        return "kept"
    if harm(before, after):
        return "taken back" if known.beyond and "go back" in after.suggestion else "worse"
    gained = after.p95_ms <= 0.85 * before.p95_ms or after.rps >= 1.15 * before.rps
    if gained and after.code != before.code:
        return "cured"
    return "better" if gained else "same"


def case(known: Known) -> Case:
    """Run a case, and again as its verdict has it; both up to twice more where that made something worse."""
    with needs(known.services) as services:

        def tried() -> Case:
            before = run(known, services)
            new = followed(known, before)
            after = run(new, services) if new else None
            return Case(before, after, outcome(known, before, after))

        return settled(tried)


def settled(tried: Callable[[], Case]) -> Case:
    """Try a case until its harm is no chance: where the first time shows some, two more show none, or one shows it."""
    found = tried()
    if found.outcome != "worse":
        return found
    for _ in range(2):
        found = tried()
        if found.outcome == "worse":
            break
    return found


def complaints(known: Known, found: Case) -> list[str]:
    """Return what is wrong with it; nothing is right."""
    wrong = []
    if found.before.code not in known.verdicts.split():
        wrong.append(f"`{found.before.code}`, expected {' or '.join(known.verdicts.split())}")
    if found.outcome == "worse" and found.after:
        wrong += harm(found.before, found.after)
    if known.cured and found.outcome != "cured":
        wrong.append(f"{found.outcome}, expected cured")
    return wrong
