"""For how long connections are kept, and why not at all."""

from __future__ import annotations

from typing import Any

import pytest
from gunicorn.config import Config

from gunicorn_slots import exactness
from gunicorn_slots.limits import KEPT_SECONDS
from gunicorn_slots.startup import keeping

CERTIFICATE = {"certfile": __file__, "keyfile": __file__}


@pytest.mark.parametrize(
    ("settings", "own", "line"),
    [
        ({}, [], f"connections kept for {KEPT_SECONDS} s"),
        ({"keepalive": 75}, ["keepalive"], "connections kept for 75 s"),
        ({"keepalive": 2}, ["keepalive"], "connections kept for 2 s"),
        ({"keepalive": 0}, ["keepalive"], "connections close after a response: keepalive is 0"),
        (CERTIFICATE, [], "connections close after a response: no process can take over the TLS of another"),
        (CERTIFICATE | {"keepalive": 75}, ["keepalive"], "close after a response: no process can take over the TLS"),
        ({"proxy_protocol": "v1"}, [], "close after a response: only the first request of a connection has the header"),
    ],
    ids=["unset", "75", "gunicorn's default", "0", "TLS", "TLS and 75", "proxy_protocol"],
)
def test_the_start_line_says_for_how_long(settings: dict[str, Any], own: list[str], line: str) -> None:
    cfg = Config()
    for name, value in settings.items():
        cfg.set(name, value)
    exactness.note_sources(cfg, dict.fromkeys(own, "GUNICORN_KEEPALIVE"))
    assert line in keeping(cfg)


def test_a_system_without_a_queue_for_them_closes_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exactness, "shared_queue", lambda: None)
    assert keeping(Config()).endswith("response: this system has no queue for what workers hand over")
