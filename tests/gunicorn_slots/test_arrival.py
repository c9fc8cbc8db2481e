"""Who is told how long a request waited, and when nobody knows; test_arrival_ways.py holds it against the clock."""

from __future__ import annotations

import re
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gunicorn_slots import arrival
from tests.bed.foreign import copy
from tests.bed.gunicorn import gunicorn
from tests.bed.waiting import wait_for


def parts(header: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"(queue|app|cpu);dur=([0-9.]+)", header)}


@pytest.mark.alone
@pytest.mark.parametrize("kind", ["gunicorn_slots.SlotWorker", "sync"])
def test_the_first_request_of_a_worker_waits_for_no_measurement(kind: str) -> None:
    environ = {"GUNICORN_WORKER_CLASS": kind, "GUNICORN_WORKERS": "1", "SERVER_TIMING": "true"}
    with gunicorn(["--threads", "1"], environ, ready="") as server:
        wait_for(lambda: "Booting worker" in server.log.read_text(), what="a worker")
        time.sleep(1)
        assert parts(server.get("/healthz")[2])["queue"] <= 16


@pytest.mark.process
def test_the_app_finds_it_in_its_environ(tmp_path: Path) -> None:
    copy(tmp_path, "gunicorn_slots")
    (tmp_path / "shop.py").write_text(
        "import time\n"
        "def app(environ, start_response):\n"
        "    time.sleep(0.2)\n"
        "    text = repr(environ.get('gunicorn_slots.queue_ms')).encode()\n"
        "    start_response('200 OK', [('Content-Length', str(len(text)))])\n"
        "    return [text]\n"
    )
    for timing in ("true", "false"):
        environ = {"SERVER_TIMING": timing}
        args = ["-k", "gunicorn_slots.SlotWorker", "shop:app"]
        with gunicorn(args, environ, bare=True, cwd=tmp_path) as server, ThreadPoolExecutor(2) as clients:
            waits = sorted(float(body) for _, body, _ in clients.map(server.get, ["/", "/"]))
        assert waits[0] <= 100
        assert 180 <= waits[1] <= 400  # two ticks of the kernel less


class Sandbox:
    """A socket of a kernel that has the call, and counts nothing; or has less of it."""

    def __init__(self, info: bytes) -> None:
        self.info = info

    def getsockopt(self, *_: int) -> bytes:
        return self.info


@pytest.mark.parametrize(
    ("info", "known"), [(bytes(56), (0, 0)), (b"", None), (bytes(48), None), (struct.pack("44xI4xI", 3, 4), (3, 4))]
)
def test_what_the_kernel_says(info: bytes, known: tuple[int, int] | None) -> None:
    assert arrival.last_data_ms(Sandbox(info)) == known


def test_a_kernel_that_says_0_for_everything_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    assert arrival.is_counted()
    monkeypatch.setattr(arrival, "last_data_ms", lambda _: (0, 0))
    assert not arrival.is_counted.__wrapped__()


def test_on_http_2_it_is_not_known() -> None:
    environ: dict[str, Any] = {"gunicorn.socket": SimpleNamespace(getsockopt=lambda *_: bytes(56))}
    assert arrival.queue_ms(environ) == 0
    assert arrival.queue_ms(environ | {"gunicorn.http2.send_trailers": print}) is None
