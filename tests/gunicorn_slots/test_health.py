"""The image's health check: which sockets are this container's, and where they are reached."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from gunicorn_slots import health


def test_the_sockets_of_this_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_server(("0.0.0.0", 0)) as other:
        found = list(health.listening(health.TABLES, health.own_sockets()))
        assert ("127.0.0.1", listener.getsockname()[1]) in found
        assert ("127.0.0.1", other.getsockname()[1]) in found


def test_of_other_programs_on_the_same_network_it_knows_nothing(tmp_path: Path) -> None:
    table = tmp_path / "tcp"
    line = "0: 00000000:{:04X} 00000000:0000 {} 00000000:00000000 00:00000000 00000000 0 0 {} 1"
    rows = [line.format(80, "0A", 11), line.format(5000, "0A", 12), line.format(5001, "01", 12)]
    table.write_text("\n".join(["  sl  local_address", *rows]))
    assert list(health.listening([str(table), str(tmp_path / "none")], {"12"})) == [("127.0.0.1", 5000)]


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("00000000", "127.0.0.1"),
        ("0100007F", "127.0.0.1"),
        ("020011AC", "172.17.0.2"),
        ("0" * 32, "::1"),
        ("0000000000000000FFFF00000100007F", "::ffff:127.0.0.1"),
    ],
)
def test_addresses_as_the_kernel_writes_them(host: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.byteorder", "little")
    assert health.reached(host) == address


@pytest.mark.parametrize("status", [200, 302, 404, 500, 503])
def test_what_is_healthy(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "status", lambda *_: status)
    assert health.main() == (status >= 500)


def test_it_follows_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def status(host: str, port: int) -> int:
        asked.append((host, port))
        if port == 8000:
            raise ConnectionRefusedError
        return 200

    monkeypatch.setattr(health, "status", status)
    monkeypatch.setattr(health, "listening", lambda *_: [("127.0.0.1", 5000)])
    monkeypatch.setenv("PORT", "8000")
    assert health.main() == 0
    assert asked == [("127.0.0.1", 8000), ("127.0.0.1", 5000)]
    monkeypatch.setattr(health, "listening", lambda *_: [])
    assert health.main() == 1


def test_nobody_answers_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def status(*_: object) -> int:
        raise TimeoutError

    monkeypatch.setattr(health, "status", status)
    assert health.main() == 1
