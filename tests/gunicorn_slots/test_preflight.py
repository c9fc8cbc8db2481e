"""What is refused before the start, and what is not."""

from __future__ import annotations

import pytest

from tests.conftest import Conf


def test_a_reload_does_not_end_a_server_whose_surroundings_have_changed(conf: Conf) -> None:
    environ = {"GUNICORN_CERTFILE": "/nope", "GUNICORN_BIND": "nonsense.invalid", "GUNICORN_WORKER_TMP_DIR": "/nope"}
    conf(environ | {"SERVER_SOFTWARE": "gunicorn"})


@pytest.mark.parametrize(
    "address", [":8000", "0.0.0.0:1", "[::1]:8000", "localhost:8000", "unix:/tmp/slots-test.socket", "fd://3"]
)
def test_good_addresses(conf: Conf, address: str) -> None:
    assert conf({"GUNICORN_BIND": address}).bind == [address]
