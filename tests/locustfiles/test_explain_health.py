"""The health check of Locust's container, against servers of each kind."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from explain_health import main


class Answer(http.server.BaseHTTPRequestHandler):
    """200 at /locust/, 500 elsewhere."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/locust/" else 500)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def port() -> Iterator[str]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield str(server.server_port)
    server.shutdown()
    server.server_close()


def test_a_web_ui_that_answers(port: str) -> None:
    assert main({"LOCUST_WEB_PORT": port, "LOCUST_WEB_BASE_PATH": "/locust"}) == 0


@pytest.mark.parametrize("more", [{}, {"LOCUST_TLS_CERT": "/certs/locust.pem"}], ids=["an error", "no TLS"])
def test_one_that_does_not(port: str, more: dict[str, str]) -> None:
    assert main({"LOCUST_WEB_PORT": port, **more}) == 1
    assert main({"LOCUST_WEB_PORT": "1", **more}) == 1


@pytest.mark.parametrize("name", ["LOCUST_HEADLESS", "LOCUST_MODE_WORKER"])
def test_without_a_web_ui_there_is_nothing_to_ask(name: str) -> None:
    assert main({"LOCUST_WEB_PORT": "1", name: "True"}) == 0
    assert main({"LOCUST_WEB_PORT": "1", name: "false"}) == 1
