"""The start line."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from gunicorn.config import Config

from gunicorn_slots.startup import handed_over, name_of, shown, shown_address
from tests.bed.gunicorn import PROGRAM, gunicorn, wait_ready
from tests.bed.slots import start_line
from tests.bed.waiting import wait_for

# As systemd does for a .socket unit: listens, and starts the program with the socket as file descriptor 3.
ACTIVATE = """
import os, socket, sys
sock = socket.create_server(("127.0.0.1", 0))
with open(sys.argv[1], "w") as port:
    port.write(str(sock.getsockname()[1]))
if sock.fileno() != 3:
    os.dup2(sock.fileno(), 3)
os.set_inheritable(3, True)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_no_secret_in_the_start_line() -> None:
    assert shown("raw_env", ["KEY=hunter2", "B=c=d"]) == "KEY,B"
    assert shown("logconfig_dict", {"password": "hunter2"}) == "password"


@pytest.mark.parametrize(
    ("bind", "environ", "numbers"),
    [
        (["127.0.0.1:1"], {}, []),
        (["fd://7", ":1"], {}, [7]),
        ([":1"], {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "2"}, [3, 4]),
        ([":1"], {"LISTEN_PID": "1", "LISTEN_FDS": "2"}, []),
        ([":1"], {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "x"}, []),
        ([":1"], {"GUNICORN_FD": "5,6"}, [5, 6]),
    ],
)
def test_what_is_handed_over(bind: list[str], environ: dict[str, str], numbers: list[int]) -> None:
    cfg = Config()
    cfg.set("bind", bind)
    assert handed_over(cfg, environ) == numbers


def test_addresses(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as four,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as six,
    ):
        assert shown_address(name_of(four.fileno())) == f"127.0.0.1:{four.getsockname()[1]}"
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as six:
        assert shown_address(name_of(six.fileno())) == f"[::1]:{six.getsockname()[1]}"
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "socket"))
        assert shown_address(name_of(unix.fileno())) == f"unix:{tmp_path / 'socket'}"
        gone = unix.fileno()
    assert shown_address(name_of(gone)) == f"fd://{gone}"


@pytest.mark.process
def test_socket_activation(tmp_path: Path) -> None:
    """It listens on the socket that it is given, whatever `bind` says, and the line says where that is."""
    port = tmp_path / "port"
    program = [sys.executable, "-c", ACTIVATE, str(port), *PROGRAM]
    with gunicorn(environ={"GUNICORN_BIND": "127.0.0.1:1"}, program=program, ready="") as server:
        wait_for(lambda: port.exists() and port.read_text(), what="the socket")
        server.port = int(port.read_text())
        wait_ready(server, "/healthz")
        assert f"bound to 127.0.0.1:{server.port}" in start_line(server)
        assert "127.0.0.1:1 " not in start_line(server)
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: server.log.read_text().count(" vCPU") == 2, what="the reload's start line")
        assert f"bound to 127.0.0.1:{server.port}" in start_line(server)
