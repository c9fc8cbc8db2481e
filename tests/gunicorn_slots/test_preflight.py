"""What is refused before the start, and what is not."""

from __future__ import annotations

import socket

import pytest

from tests.conftest import Conf


def test_a_reload_does_not_end_a_server_whose_surroundings_have_changed(conf: Conf) -> None:
    environ = {"GUNICORN_CERTFILE": "/nope", "GUNICORN_BIND": "nonsense.invalid", "GUNICORN_WORKER_TMP_DIR": "/nope"}
    conf(environ | {"SERVER_SOFTWARE": "gunicorn"})


@pytest.mark.parametrize(
    "address", [":8000", "0.0.0.0:1", "[::1]:8000", "localhost:8000", "unix:/tmp/slots-test.socket"]
)
def test_good_addresses(conf: Conf, address: str) -> None:
    assert conf({"GUNICORN_BIND": address}).bind == [address]


def test_a_socket_that_was_handed_over_is_a_good_address(conf: Conf) -> None:
    with socket.socket() as sock:
        address = f"fd://{sock.fileno()}"
        assert conf({"GUNICORN_BIND": address}).bind == [address]
