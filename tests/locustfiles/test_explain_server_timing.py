"""The header's parser: what it reads, and that nothing breaks it."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain_server_timing import (
    LONGEST,
    SOMEWHERE,
    Origin,
    Served,
    Timing,
    header_of,
    headers_of,
    parse,
    parse_all,
    parse_any,
)

OURS = 'app;dur=101.9, cpu;dur=1.2, gunicorn;desc="pid=17 workers=3 threads=6 class=gthread vcpu=1 cpu=12.34 rss=48.1"'
TIMING = Timing(101.9, 1.2, 17, Served(3, 6, "gthread", 1), 12.34, 48.1)
NOW = f'queue;dur=4.0, {OURS[:-1]} at=60.123 held=331.416 requests=3211"'
ALL = TIMING._replace(queue_ms=4.0, at=60.123, held_seconds=331.416, served=3211)


@pytest.mark.parametrize(
    ("header", "timing"),
    [
        (NOW, ALL),
        (NOW.removeprefix("queue;dur=4.0, "), ALL._replace(queue_ms=None)),  # a kernel that does not count
        (NOW.replace('3211"', '3211 gil=0"'), ALL._replace(gil=False)),
        (NOW.replace("requests=3211", "requests=0"), ALL._replace(served=0)),
        (NOW.replace('3211"', '3211 color=blue"'), ALL),
        (NOW.replace("held=331.416", "held=much"), TIMING._replace(queue_ms=4.0)),
        (f"app;dur=3, db;dur=2, {NOW}", ALL),
        (f"app;dur=3, cpu;dur=1, {NOW}, edge;dur=1, app;dur=99", ALL),
        (f"queue;dur=77, {OURS}", TIMING._replace(queue_ms=77.0)),
        (f"queue;dur=77, x, {OURS}", TIMING),
        (f"{OURS}, {NOW}", ALL),  # a gunicorn that passes another one's answer on
        (f"{NOW}, gunicorn;desc=green", ALL),
    ],
    ids=[
        *("all", "no queue", "no GIL", "first request", "a further part", "no number", "the app's own", "around"),
        *("queue alone", "someone else's queue", "two", "another gunicorn entry"),
    ],
)
def test_all_parts(header: str, timing: Timing) -> None:
    assert parse(header) == parse_any(header) == timing


@pytest.mark.parametrize(
    ("words", "origin"),
    [
        ("instance=5e884898 machine=0b14d501 cores=3", Origin("5e884898", "0b14d501", 3)),
        ("instance=5e884898", Origin("5e884898")),
        ("instance=5e884898 machine=0b14d501", Origin("5e884898")),
        ("instance=5e884898 machine= cores=1", Origin("5e884898")),
        ("instance=5e884898 machine=0b14d501 cores=0x3", Origin("5e884898")),
        (
            f"instance={'5e884898' * 8} machine=0b14d501 cores={'f' * 64}",
            Origin("5e884898" * 8, "0b14d501", 2**256 - 1),
        ),
        ("instance=", SOMEWHERE),
        ("instance=5E884898", SOMEWHERE),
        ("instance=web-1", SOMEWHERE),
        ("instance=\u0663\u0664", SOMEWHERE),
        (f"instance={'0' * 257}", SOMEWHERE),
        ("machine=0b14d501 cores=3", SOMEWHERE),
    ],
    ids=[
        *("all", "instance alone", "no cores", "empty machine", "no number", "long"),
        *("empty", "upper case", "a name", "Arabic digits", "too long", "no instance"),
    ],
)
def test_where_a_worker_runs(words: str, origin: Origin) -> None:
    header = NOW.replace("vcpu=1 ", f"vcpu=1 {words} ")
    assert parse(header) == parse_any(header) == ALL._replace(origin=origin)


def test_an_entry_between_ours_is_not_ours() -> None:
    assert parse(OURS.replace("cpu;dur=1.2,", "cpu;dur=1.2, other,")) is None


@pytest.mark.parametrize(
    "header",
    [
        OURS,
        f"cache;desc=hit, {OURS}",
        f"{OURS}, db;dur=53, edge;dur=1;desc=x",
        f'proxy;desc="app;dur=1, cpu;dur=9 \\" gunicorn;desc=no", {OURS}',
        OURS.replace(", ", ","),
        OURS.replace(";", " ; ").replace("=101.9", " = 101.9"),
        f"{OURS}, app;dur=7, cpu;dur=7",  # the first one counts
        f'{OURS}, never;desc="closed',
    ],
)
def test_our_entries_are_found(header: str) -> None:
    assert parse(header) == TIMING


@pytest.mark.parametrize(
    "header",
    [
        "",
        ',;="',
        "app;dur=1",
        OURS.replace("101.9", "-101.9"),
        OURS.replace("101.9", "nan"),
        OURS.replace("101.9", "1e9"),
        OURS.replace("101.9", "9" * 400),
        OURS.replace("101.9", "\u0663.1"),  # an Arabic digit
        OURS.replace("workers=3", "workers=0"),
        OURS.replace("pid=17", "pid=0"),
        OURS.replace("vcpu=1", "vcpu=one"),
        OURS.replace(" rss=48.1", ""),
        OURS.replace("cpu;dur=1.2, ", ""),
        f"{'x' * LONGEST}, {OURS}",
    ],
)
def test_anything_else_is_no_timing(header: str) -> None:
    assert parse(header) is None


@given(st.text())
def test_garbage_never_raises(header: str) -> None:
    parse(header)


PIECES = st.sampled_from(
    [
        *OURS.split(" "),
        *["app", "cpu", "gunicorn", "dur", "desc", "pid=", "1", "-1", "nan", "e9", ";", "=", ",", ".", '"', "\\"],
        " ",
        "9" * 30,
    ],
)


@given(st.lists(PIECES, max_size=60).map("".join))
def test_what_looks_like_ours_never_raises(header: str) -> None:
    found = parse(header)
    assert found is None or (found.app_ms >= 0 and found.setting.workers >= 1 and found.rss_mb >= 0)


@given(
    st.floats(0, 1e6),
    st.floats(0, 1e6),
    st.integers(1, 10**6),
    st.integers(1, 512),
    st.integers(1, 512),
    st.floats(0, 1e6),
    st.text('abc;, ="\\', max_size=20),
    st.sampled_from(["gthread", "SlotWorker", "gunicorn_slots.SlotWorker"]),
)
def test_what_gunicorn_writes_comes_back(
    app: float, cpu: float, pid: int, workers: int, threads: int, used: float, other: str, kind: str
) -> None:
    plain = (
        f'app;dur={app:.1f}, cpu;dur={cpu:.1f}, gunicorn;desc="pid={pid} workers={workers} threads={threads} '
        f'class={kind} vcpu=2 cpu={used:.2f} rss=48.1"'
    )
    expected = Timing(
        float(f"{app:.1f}"),
        float(f"{cpu:.1f}"),
        pid,
        Served(workers, threads, kind, 2),
        float(f"{used:.2f}"),
        48.1,
    )
    assert parse(plain) == parse_any(plain) == expected
    assert parse(f"{plain}, other;desc={other}") == expected


@given(st.one_of(st.none(), st.integers(), st.text(), st.binary(), st.lists(st.one_of(st.text(), st.none()))))
def test_no_kind_of_value_breaks_a_response(value: Any) -> None:
    header = header_of(SimpleNamespace(headers={"Server-Timing": value}))
    assert header is None or parse(header) is None


@pytest.mark.parametrize("response", [None, SimpleNamespace(), SimpleNamespace(headers=None), "text"])
def test_no_response_breaks_it(response: Any) -> None:
    assert header_of(response) is None


def test_several_lines_are_one_header() -> None:
    assert parse(header_of(SimpleNamespace(headers={"Server-Timing": ["cdn;dur=1", OURS]})) or "") == TIMING


@pytest.mark.parametrize("header", ['"' * 10**6, "\\" * 10**6, "," * 10**6, "a;" * 10**6, '"\\' * 10**6])
def test_a_huge_header_takes_no_time(header: str) -> None:
    start = time.perf_counter()
    parse(header)
    assert time.perf_counter() - start < 0.1


def test_redirects_add_up() -> None:
    """302, then 200: Locust counts them as one response."""
    last = 'app;dur=50.0, cpu;dur=1.0, gunicorn;desc="pid=7 workers=1 threads=1 class=gthread vcpu=1 cpu=1.00 rss=30.0"'
    first = last.replace("dur=50.0", "dur=100.0").replace("pid=7", "pid=8")
    parts = [SimpleNamespace(headers={"Server-Timing": header}) for header in (first, "nonsense")]
    response = SimpleNamespace(headers={"Server-Timing": last}, history=parts)
    timing = parse_all(headers_of(response))
    assert timing is not None
    assert (timing.app_ms, timing.cpu_ms, timing.pid) == (150.0, 2.0, 7)
    assert timing.queue_ms is None
    assert parse_all(headers_of(None)) is None


def test_queues_of_redirects_add_up_where_all_are_known() -> None:
    both = parse_all([NOW, NOW])
    assert both is not None
    assert both.queue_ms == 8.0
    mixed = parse_all([OURS, NOW])
    assert mixed is not None
    assert mixed.queue_ms is None
