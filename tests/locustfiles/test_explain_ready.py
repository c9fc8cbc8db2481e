"""Which addresses `docker compose up` says at its end."""

from __future__ import annotations

import pytest

from explain_ready import addresses


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, ["http://127.0.0.1:8000", "http://127.0.0.1:8089"]),
        ({"APP_PORT": "0", "LOCUST_WEB_PORT": "9"}, ["port`docker compose port app 8000`", "http://127.0.0.1:9"]),
        (
            {"LOCUST_TLS_CERT": "x", "LOCUST_WEB_BASE_PATH": "/l/"},
            ["http://127.0.0.1:8000", "https://127.0.0.1:8089/l"],
        ),
        ({"LOCUST_HEADLESS": "true"}, ["http://127.0.0.1:8000"]),
    ],
    ids=["usual", "other ports", "TLS", "headless"],
)
def test_addresses(environ: dict[str, str], found: list[str]) -> None:
    lines = [line.partition(":  ")[2].strip() for line in addresses(environ).splitlines() if line]
    assert [line.replace(" says its port", "") for line in lines] == [word.removeprefix("port") for word in found]
