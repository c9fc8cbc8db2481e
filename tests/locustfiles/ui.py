"""A Locust with its web UI, for the tests."""

from __future__ import annotations

import contextlib
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bed import free_port
from tests.bed.locust import started
from tests.bed.waiting import wait_for
from tests.locustfiles.conftest import SCENARIO, fetch


class Ui:
    """A Locust with its web UI."""

    def __init__(self, url: str) -> None:
        self.url = url

    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = fetch(self.url + "/explain/data")
        return found

    def requests(self) -> int:
        number: int = self.data()["load"]["requests"]
        return number

    def swarm(self, users: int, **fields: str) -> None:
        """Press START, with the fields of the form."""
        form = urllib.parse.urlencode({"user_count": users, "spawn_rate": 100, **fields})
        assert fetch(self.url + "/swarm", form.encode())["success"]

    def stop(self) -> None:
        assert fetch(self.url + "/stop", b"")["success"]

    def page(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            text: str = answer.read().decode()
        return text

    def rows(self) -> dict[str, str]:
        tables = fetch(self.url + "/stats/requests")["extended_stats"]
        return {row["what"]: row["figure"] for table in tables if table["key"] == "why" for row in table["data"]}


@contextlib.contextmanager
def web_ui(host: str, *args: str, scenario: Path = SCENARIO, base: str = "", **env: str) -> Iterator[Ui]:
    port = str(free_port())
    web = ["--web-port", port, "--web-host", "127.0.0.1", "--host", host]
    with started(scenario, *web, *args, environ=env):
        ui = Ui(f"http://127.0.0.1:{port}{base}")
        wait_for(ui.data)
        yield ui
