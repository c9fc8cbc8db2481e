"""SlotWorker without this project's configuration, and gunicorn's own worker with it: each is what was asked for."""

from __future__ import annotations

import contextlib
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from gunicorn_slots import __version__
from tests.bed import ROOT, clients
from tests.bed.foreign import WAIT, copy, project
from tests.bed.gunicorn import gunicorn, gunicorn_ends
from tests.bed.slots import most_at_once, setting, start_line
from tests.bed.waiting import wait_for

SIZE = ["--workers", "3", "--threads", "6"]
WORKER = ["-k", "gunicorn_slots.SlotWorker", *SIZE, "app:app"]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Somebody else's project, with the package and nothing else of ours."""
    folder = project(tmp_path / "shop")
    copy(folder, "gunicorn_slots")
    return folder


@pytest.mark.process
def test_the_worker_alone_serves_exactly_its_slots_also_after_a_reload(shop: Path) -> None:
    with gunicorn(WORKER, bare=True, cwd=shop) as server:
        assert most_at_once(server.port, 36, path=WAIT) == 18
        assert ": 3 workers × 6 threads = 18 slots on" in start_line(server)
        before = server.pids()
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: before.isdisjoint(server.pids()), 20, "new workers alone")
        assert most_at_once(server.port, 36, path=WAIT) == 18


@pytest.mark.process
def test_a_configuration_of_ones_own_with_the_worker(shop: Path) -> None:
    own = shop / "own.py"
    own.write_text(
        "worker_class = 'gunicorn_slots.SlotWorker'\nworkers, threads = 2, 4\ncontrol_socket_disable = True\n"
    )
    with gunicorn(["-c", str(own), "app:app"], cwd=shop, environ={"SERVER_TIMING": "true"}, bind=True) as server:
        assert most_at_once(server.port, 16, path=WAIT) == 8
        assert "class=SlotWorker" in server.get("/")[2]


@pytest.mark.process
def test_the_worker_alone_has_its_protections(shop: Path) -> None:
    """Silent clients and slow heads: as with this project's configuration."""
    environ = {"SLOT_HEAD_SECONDS": "1", "SLOT_REQUEST_SECONDS": "2"}
    with gunicorn(
        ["-k", "gunicorn_slots.SlotWorker", "--threads", "2", "app:app"], environ, bare=True, cwd=shop
    ) as server:
        with clients.silent(server.port, 6):
            assert server.get("/", timeout=2)[0] == 200
        socks = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(2)]
        for sock in socks:
            sock.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert server.get("/", timeout=4)[0] == 200
        assert socks[0].recv(4096).startswith(b"HTTP/1.1 408 ")
        for sock in socks:
            sock.close()
        assert "SLOT_HEAD_SECONDS=1" in server.log.read_text()


@pytest.mark.process
def test_late_closers_of_the_worker_alone_delay_nobody(shop: Path) -> None:
    args = ["-k", "gunicorn_slots.SlotWorker", "--threads", "2", "app:app"]
    with gunicorn(args, bare=True, cwd=shop) as server, contextlib.ExitStack() as open_yet:
        for _ in range(6):
            sock = open_yet.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=5))
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            begin = time.monotonic()
            assert sock.recv(4096).startswith(b"HTTP/1.1 200 ")
            assert time.monotonic() - begin < 1  # gunicorn would wait for each to close, for up to 2 s


@pytest.mark.process
def test_a_hanging_request_of_the_worker_alone_loses_its_slot_and_ones_own_hook_runs(shop: Path) -> None:
    (shop / "own.py").write_text(
        "worker_class = 'gunicorn_slots.SlotWorker'\nthreads = 1\ncontrol_socket_disable = True\n"
        "def worker_exit(server, worker):\n    server.log.info('my own hook')\n"
    )
    environ = {"SLOT_REQUEST_SECONDS": "1", "GUNICORN_CMD_ARGS": "--graceful-timeout 3"}
    with gunicorn(["-c", "own.py", "app:app"], environ, cwd=shop, bind=True) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
            sock.sendall(b"GET /hang HTTP/1.1\r\nHost: x\r\n\r\n")
            assert sock.recv(1) == b""  # closed by the worker
        assert server.get("/", timeout=10)[0] == 200
        wait_for(lambda: "my own hook" in server.log.read_text(), 15, "the hook of the worker that has ended")
        assert "Gave up on 127.0.0.1 GET /hang: hangs for" in server.log.read_text()


@pytest.mark.process
@pytest.mark.parametrize(
    ("environ", "line"),
    [
        ({"SLOT_HEAD_SECONDS": "soon"}, "SLOT_HEAD_SECONDS=soon: expected a whole number, 0 to 86400"),
        ({"SERVER_TIMING": "maybe"}, "SERVER_TIMING=maybe: expected true or false"),
        (
            {"GUNICORN_CMD_ARGS": "--env SLOT_BODY_SECONDS=x"},
            "SLOT_BODY_SECONDS=x: expected a whole number, 0 to 86400",
        ),
    ],
)
def test_a_bad_variable_ends_the_start_of_the_worker_alone_with_one_line(
    shop: Path, environ: dict[str, str], line: str
) -> None:
    (shop / "empty.py").write_text("")
    done = gunicorn_ends(["-c", "empty.py", *WORKER, "-b", "127.0.0.1:0"], environ, shop)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"gunicorn_slots: {line}"
    assert "Traceback" not in done.stderr


@pytest.mark.process
def test_no_workers_are_refused(shop: Path) -> None:
    """Compose's WEB_CONCURRENCY, which only gunicorn.conf.py takes for unset, under a configuration of one's own."""
    (shop / "empty.py").write_text("control_socket_disable = True\n")
    args = ["-c", "empty.py", "-k", "gunicorn_slots.SlotWorker", "-b", "127.0.0.1:0", "app:app"]
    done = gunicorn_ends(args, {"WEB_CONCURRENCY": "0"}, shop)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "gunicorn_slots: workers=0: expected a whole number, 1 or more"


@pytest.mark.process
@pytest.mark.parametrize(
    ("args", "environ", "said"),
    [
        (["--worker-connections", "50"], {}, "slots not exact: worker_connections is 50"),
        (["--reuse-port"], {}, "slots not exact: with reuse_port"),
    ],
)
def test_settings_against_exact_slots_win(shop: Path, args: list[str], environ: dict[str, str], said: str) -> None:
    args = [*args, "--graceful-timeout", "2", *WORKER]
    with gunicorn(args, {"SERVER_TIMING": "true"} | environ, bare=True, cwd=shop) as server:
        assert said in start_line(server)
        assert keeps_connections(server.port)


# --- gunicorn's own worker ----------------------------------------------------------------------


@pytest.mark.process
@pytest.mark.parametrize(
    ("environ", "args"),
    [
        ({"GUNICORN_WORKER_CLASS": "gthread"}, []),
        ({}, ["--worker-class", "gthread"]),
        ({"GUNICORN_CMD_ARGS": "-k gthread"}, []),
    ],
    ids=str,
)
def test_gthread_is_gthread(environ: dict[str, str], args: Sequence[str]) -> None:
    with gunicorn(args, {"SERVER_TIMING": "true", "GUNICORN_WORKERS": "1"} | environ) as server:
        assert setting(server) == "workers=1 threads=6 class=gthread"
        assert "slots as gthread workers have them" in start_line(server)


@pytest.mark.process
def test_gthread_is_bare_gunicorn() -> None:
    """Keep-alive, no limit on a head, and a silent connection holds a thread for 5 s."""
    environ = {"GUNICORN_WORKER_CLASS": "gthread", "GUNICORN_WORKERS": "1", "GUNICORN_THREADS": "2"}
    with gunicorn(environ=environ | {"SLOT_HEAD_SECONDS": "1", "GUNICORN_GRACEFUL_TIMEOUT": "1"}) as server:
        assert keeps_connections(server.port)
        with socket.create_connection(("127.0.0.1", server.port), timeout=2) as sock:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost:")
            with pytest.raises(TimeoutError):
                sock.recv(1)
        with clients.silent(server.port, 2):
            begin = time.monotonic()
            server.get("/healthz", timeout=20)
            assert time.monotonic() - begin > 3


def keeps_connections(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        return b"Connection: keep-alive" in sock.recv(4096)


# --- gunicorns that nobody has tested ---------------------------------------------------------------

OTHER = "import gunicorn\ngunicorn.__version__ = {!r}\nworker_class = 'gunicorn_slots.SlotWorker'\n"


@pytest.mark.process
@pytest.mark.parametrize(
    ("version", "said"), [("23.0.0", "the oldest"), ("28.0.0rc1", "the newest"), ("99.0", "the newest")]
)
def test_another_gunicorn_gets_the_two_settings(shop: Path, version: str, said: str) -> None:
    (shop / "own.py").write_text(OTHER.format(version) + "workers, threads = 3, 6\ncontrol_socket_disable = True\n")
    environ = {"SERVER_TIMING": "true", "SLOT_ANY_GUNICORN": "false"}
    with gunicorn(["-c", "own.py", "app:app"], environ, cwd=shop, bind=True) as server:
        line = start_line(server)
        assert f"slots exact by settings alone, as gunicorn is {version}, and 27.0.1 is {said} that was tested" in line
        assert most_at_once(server.port, 36, path=WAIT) == 18


@pytest.mark.process
def test_another_gunicorn_can_be_tried(shop: Path) -> None:
    (shop / "own.py").write_text(OTHER.format("99.0") + "control_socket_disable = True\n")
    environ = {"SLOT_ANY_GUNICORN": "true"}
    with gunicorn(["-c", "own.py", "--threads", "2", "app:app"], environ, cwd=shop, bind=True) as server:
        assert "; exact slots (" in start_line(server)


def test_the_project_and_its_copies_have_one_version() -> None:
    copied = [ROOT / "Dockerfile", ROOT / "gunicorn.conf.py", *(ROOT / "gunicorn_slots").glob("*.py")]
    heads = {path.name: path.read_text(encoding="utf-8").splitlines()[0] for path in copied}
    assert {
        name for name, head in heads.items() if not head.startswith(f"# gunicorn-slots {__version__} (MIT), ")
    } == set()
