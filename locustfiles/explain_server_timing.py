"""Reads the `Server-Timing` header that gunicorn_slots adds, and survives any other.

    Server-Timing: app;dur=101.9, cpu;dur=1.2, gunicorn;desc="pid=17 workers=3 threads=6 class=SlotWorker vcpu=1
                   cpu=12.34 rss=48.1"

The grammar is that of https://www.w3.org/TR/server-timing/: entries separated by commas, their parameters by
semicolons, values plain or in quotes. Entries of other servers may stand before, between and after ours.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

# Ours is some 120 characters long. What lies behind this many is not looked at, so a huge header costs nothing.
LONGEST = 4096
# A number no measurement exceeds: 31 years of milliseconds, an exabyte of MB.
LARGEST = 1e12

# A separator within quotes is none; a quote that is never closed lasts to the end. No way through the text is
# tried twice, so the time is linear whatever the text.
ENTRY = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+', re.DOTALL)
PART = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*"?)+', re.DOTALL)
# The header as it is when nobody else has added to it: the same result in a fifth of the time.
PLAIN = re.compile(
    r"app;dur=([0-9]{1,9}\.[0-9]), cpu;dur=([0-9]{1,9}\.[0-9]), "
    r'gunicorn;desc="pid=([0-9]{1,9}) workers=([0-9]{1,9}) threads=([0-9]{1,9}) class=([\w.:-]{1,100}) '
    r'vcpu=([0-9]{1,9}) cpu=([0-9]{1,9}\.[0-9]{2}) rss=([0-9]{1,9}\.[0-9])"'
)
NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{0,15})?")
COUNT = re.compile(r"[0-9]{1,9}")
CLASS = re.compile(r"[\w.:-]{1,100}")


class Setting(NamedTuple):
    """How gunicorn runs: its effective setting and the vCPUs that it may use."""

    workers: int
    threads: int
    worker_class: str
    vcpu: int


class Timing(NamedTuple):
    """What one response's header says.

    Attributes:
        app_ms: wall time in the app, in ms.
        cpu_ms: CPU time of the thread in the app, in ms.
        pid: the worker.
        setting: gunicorn's setting.
        cpu_seconds: CPU time of the worker since its start, in s.
        rss_mb: resident memory of the worker, in MB (1024² bytes).
    """

    app_ms: float
    cpu_ms: float
    pid: int
    setting: Setting
    cpu_seconds: float
    rss_mb: float


def header_of(response: Any) -> str | None:
    """Return the header in a response of FastHttpUser or HttpUser; None if there is none. Never raises."""
    try:
        value = response.headers.get("Server-Timing")
    except Exception:  # no response, no headers, or another client's idea of them
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, list):  # several lines of the same header, as geventhttpclient has them
        return ",".join(line for line in value if isinstance(line, str))
    return None


def headers_of(response: Any) -> list[str]:
    """Return the headers of a response and of the redirects before it, oldest first. Never raises."""
    try:
        redirects = response.history
        before = [header_of(part) for part in redirects] if redirects else []
    except Exception:  # no response, or another client's idea of one
        before = []
    return [header for header in (*before, header_of(response)) if header]


def parse_all(headers: list[str]) -> Timing | None:
    """Return the last timing, with the times of all: Locust counts redirects and their target as one response."""
    if len(headers) == 1:
        return parse(headers[0])
    timings = [timing for header in headers if (timing := parse(header))]
    if not timings:
        return None
    app_ms, cpu_ms = sum(timing.app_ms for timing in timings), sum(timing.cpu_ms for timing in timings)
    return timings[-1]._replace(app_ms=app_ms, cpu_ms=cpu_ms)


def parse(header: str) -> Timing | None:
    """Return what our entries say; None if one of them is missing or is not as we write it. Never raises."""
    if plain := PLAIN.fullmatch(header):
        app, cpu, worker, workers, threads, kind, vcpu, used, resident = plain.groups()
        if (setting := parse_setting(workers, threads, kind, vcpu)) and int(worker):
            return Timing(float(app), float(cpu), int(worker), setting, float(used), float(resident))
        return None
    return parse_any(header)


def parse_any(header: str) -> Timing | None:
    """Do what `parse` does for a header that others may have added to."""
    app_ms = cpu_ms = None
    facts: dict[str, str] = {}
    for entry in ENTRY.findall(header[:LONGEST]):
        if entry.lstrip().startswith(";") or not entry.strip():
            continue  # an entry without a name
        name, *parts = PART.findall(entry)
        name = name.strip()
        if name == "app" and app_ms is None:
            app_ms = number(parameter(parts, "dur"))
        elif name == "cpu" and cpu_ms is None:
            cpu_ms = number(parameter(parts, "dur"))
        elif name == "gunicorn" and not facts:
            words = parameter(parts, "desc").split()
            facts = dict(word.split("=", 1) for word in words if "=" in word)
    pid = count(facts.get("pid", ""))
    setting = parse_setting(*(facts.get(fact, "") for fact in ("workers", "threads", "class", "vcpu")))
    cpu_seconds, rss_mb = number(facts.get("cpu", "")), number(facts.get("rss", ""))
    if app_ms is None or cpu_ms is None or pid is None or setting is None or cpu_seconds is None or rss_mb is None:
        return None
    return Timing(app_ms, cpu_ms, pid, setting, cpu_seconds, rss_mb)


def parameter(parts: list[str], name: str) -> str:
    """Return the first value of a parameter, without its quotes; empty if there is none."""
    for part in parts:
        key, _, value = part.partition("=")
        if key.strip().lower() == name:
            value = value.strip()
            return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    return ""


def number(text: str) -> float | None:
    """Return a plain decimal number of 0 or more; None for anything else."""
    if not NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if value <= LARGEST else None


def count(text: str) -> int | None:
    """Return a whole number of 1 or more; None for anything else."""
    return (int(text) or None) if COUNT.fullmatch(text) else None


@lru_cache(maxsize=64)
def parse_setting(workers: str, threads: str, worker_class: str, vcpu: str) -> Setting | None:
    """Return the setting; the same object for the same text, as it is the same in nearly every response."""
    numbers = count(workers), count(threads), count(vcpu)
    if numbers[0] is None or numbers[1] is None or numbers[2] is None or not CLASS.fullmatch(worker_class):
        return None
    return Setting(numbers[0], numbers[1], worker_class, numbers[2])
