"""Reads the `Server-Timing` header that gunicorn_slots adds, and survives any other.

    Server-Timing: queue;dur=4.0, app;dur=101.9, cpu;dur=1.2, gunicorn;desc="pid=17 workers=3 threads=6
                   class=SlotWorker vcpu=1 instance=5e884898 machine=0b14d501 cores=1 cpu=12.34 rss=48.1
                   at=60.123 held=331.416 requests=3211"

The grammar is that of https://www.w3.org/TR/server-timing/: entries separated by commas, their parameters by
semicolons, values plain or in quotes. Entries of other servers may stand before and after ours, and an app or a proxy
may have an `app` or a `cpu` of its own: ours are those directly before the last `gunicorn` entry. `queue`, the
instance, and what follows `rss` may be missing, as in headers of an older version.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

# Ours is some 180 characters long. What lies behind this many is not looked at, so a huge header costs nothing.
LONGEST = 4096
# A number no measurement exceeds: 31 years of milliseconds, an exabyte of MB.
LARGEST = 1e12

# A separator within quotes is none; a quote that is never closed lasts to the end. No way through the text is
# tried twice, so the time is linear whatever the text.
ENTRY = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+', re.DOTALL)
PART = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*"?)+', re.DOTALL)
# The header as it is when nobody else has added to it, in two parts: the same result in a fifth of the time.
TIMES = re.compile(r"(?:queue;dur=([0-9]{1,9}\.[0-9]), )?app;dur=([0-9]{1,9}\.[0-9]), cpu;dur=([0-9]{1,9}\.[0-9])")
BETWEEN = ', gunicorn;desc="'
WORDS = re.compile(r'([\w.:= -]{1,400})"')
NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{0,15})?")
COUNT = re.compile(r"[0-9]{1,15}")
CLASS = re.compile(r"[\w.:-]{1,100}")
HEX = re.compile(r"[0-9a-f]{1,256}")


class Served(NamedTuple):
    """How gunicorn runs: its effective setting and the vCPUs that it may use."""

    workers: int
    threads: int
    worker_class: str
    vcpu: int


class Origin(NamedTuple):
    """Where a worker runs.

    Attributes:
        instance: its instance, as a hash; "" if it does not say.
        machine: the machine, as a hash, which several instances may share; "" if it does not say.
        cores: those of the machine that it may use, a bit each.
    """

    instance: str = ""
    machine: str = ""
    cores: int = 0


SOMEWHERE = Origin()


class Facts(NamedTuple):
    """What a worker says of itself; see Timing."""

    pid: int
    setting: Served
    cpu_seconds: float
    rss_mb: float
    at: float | None
    held_seconds: float
    served: int
    gil: bool
    origin: Origin


class Timing(NamedTuple):
    """What one response's header says.

    Attributes:
        app_ms: wall time in the app, in ms.
        cpu_ms: CPU time of the thread in the app, in ms.
        pid: the worker.
        setting: gunicorn's setting.
        cpu_seconds: CPU time of the worker since its start, in s; that of children that have ended included.
        rss_mb: resident memory of the worker, in MB (1024² bytes).
        queue_ms: from the arrival of the request's last byte until the app got it, in ms; None if unknown.
        at: the worker's own clock, in s, at which it read the two counters before and the two behind; None if unknown.
        held_seconds: for how long its slots had been held then, in slot-seconds.
        served: how many requests had got a slot then.
        gil: False where its Python runs without one.
        origin: where the worker runs.
    """

    app_ms: float
    cpu_ms: float
    pid: int
    setting: Served
    cpu_seconds: float
    rss_mb: float
    queue_ms: float | None = None
    at: float | None = None
    held_seconds: float = 0.0
    served: int = 0
    gil: bool = True
    origin: Origin = SOMEWHERE


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
    last = header_of(response)
    found = [last] if last else []
    try:
        redirects = response.history
        return [header for part in redirects if (header := header_of(part))] + found if redirects else found
    except Exception:  # no response, or another client's idea of one
        return found


def parse_all(headers: list[str]) -> Timing | None:
    """Return the last timing, with the times of all: Locust counts redirects and their target as one response."""
    if len(headers) == 1:
        return parse(headers[0])
    timings = [timing for header in headers if (timing := parse(header))]
    if not timings:
        return None
    queues = [timing.queue_ms for timing in timings]
    return timings[-1]._replace(
        app_ms=sum(timing.app_ms for timing in timings),
        cpu_ms=sum(timing.cpu_ms for timing in timings),
        queue_ms=None if None in queues else sum(queue for queue in queues if queue is not None),
    )


def parse(header: str) -> Timing | None:
    """Return what our entries say; None if one of them is missing or is not as we write it. Never raises."""
    times, _, words = header[:LONGEST].partition(BETWEEN)
    if (durations := parse_times(times)) and (facts := parse_words(words)):
        app_ms, cpu_ms, queue_ms = durations
        return timing_of(app_ms, cpu_ms, queue_ms, facts)
    return parse_any(header)


def parse_any(header: str) -> Timing | None:
    """Do what `parse` does for a header that others may have added to."""
    entries = [
        (name.strip(), parts)
        for entry in ENTRY.findall(header[:LONGEST])
        if entry.strip() and not entry.lstrip().startswith(";")  # an entry without a name
        for name, *parts in [PART.findall(entry)]
    ]
    described = [parameter(parts, "desc") if name == "gunicorn" else "" for name, parts in entries]
    last = max((place for place, words in enumerate(described) if "pid=" in words), default=0)
    before = entries[max(0, last - 3) : last]
    names = [name for name, _ in before]
    facts = parse_facts(described[last]) if names[-2:] == ["app", "cpu"] else None
    durations = [number(parameter(parts, "dur")) for _, parts in before]
    if facts is None or durations[-2] is None or durations[-1] is None:
        return None
    queue_ms = durations[0] if names[0] == "queue" else None
    return timing_of(durations[-2], durations[-1], queue_ms, facts)


def timing_of(app_ms: float, cpu_ms: float, queue_ms: float | None, facts: Facts) -> Timing:
    pid, setting, cpu_seconds, rss_mb, at, held, served, gil, origin = facts
    return Timing(app_ms, cpu_ms, pid, setting, cpu_seconds, rss_mb, queue_ms, at, held, served, gil, origin)


@lru_cache(maxsize=1024)
def parse_times(times: str) -> tuple[float, float, float | None] | None:
    """Return the durations, if there are no others. Where many requests are so short, they are often the same."""
    found = TIMES.fullmatch(times)
    return (float(found[2]), float(found[3]), float(found[1]) if found[1] else None) if found else None


@lru_cache(maxsize=64)
def parse_words(words: str) -> Facts | None:
    """Return what a worker says of itself, if nothing but the closing quote follows.

    It says the same for 50 ms, so with many requests it is read once.
    """
    found = WORDS.fullmatch(words)
    return parse_facts(found[1]) if found else None


@lru_cache(maxsize=64)
def parse_facts(words: str) -> Facts | None:
    """Return what a worker says of itself; None if that is not all of it."""
    facts = dict(word.split("=", 1) for word in words.split() if "=" in word)
    pid, cpu_seconds, rss_mb = count(facts, "pid"), number(facts.get("cpu", "")), number(facts.get("rss", ""))
    setting = parse_setting(*(facts.get(name, "") for name in ("workers", "threads", "class", "vcpu")))
    if not pid or setting is None or cpu_seconds is None or rss_mb is None:
        return None
    at, held, served = number(facts.get("at", "")), number(facts.get("held", "")), count(facts, "requests")
    if at is None or held is None or served is None:
        at, held, served = None, 0.0, 0
    origin = parse_origin(*(facts.get(name, "") for name in ("instance", "machine", "cores")))
    return Facts(pid, setting, cpu_seconds, rss_mb, at, held, served, facts.get("gil") != "0", origin)


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


def count(facts: dict[str, str], name: str) -> int | None:
    """Return a whole number of 0 or more; None for anything else."""
    text = facts.get(name, "")
    return int(text) if COUNT.fullmatch(text) else None


@lru_cache(maxsize=64)
def parse_setting(workers: str, threads: str, worker_class: str, vcpu: str) -> Served | None:
    """Return the setting; the same object for the same text, as it is the same in nearly every response."""
    facts = {"workers": workers, "threads": threads, "vcpu": vcpu}
    numbers = [count(facts, name) or 0 for name in facts]
    if not all(0 < number < 10**9 for number in numbers) or not CLASS.fullmatch(worker_class):
        return None
    return Served(numbers[0], numbers[1], worker_class, numbers[2])


@lru_cache(maxsize=64)
def parse_origin(instance: str, machine: str, cores: str) -> Origin:
    """Return where a worker runs, as far as it says so; the same object for the same text."""
    if not HEX.fullmatch(instance):
        return SOMEWHERE
    if not HEX.fullmatch(machine) or not HEX.fullmatch(cores):
        return Origin(instance)
    return Origin(instance, machine, int(cores, 16))
