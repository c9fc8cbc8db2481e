"""A locustfile: downloads a file of 6 MB within a second and a half, as a phone does, and looks at pages."""

import time
from typing import Any

from locust import FastHttpUser, task

import explain  # noqa: F401 says where requests wait
from explain_think import think


class Reader(FastHttpUser):
    """Takes its time."""

    wait_time = think

    @task
    def download(self) -> None:
        """Read a part, and wait, and so on. Locust's response time ends with the header here."""
        answer: Any = self.client.get("/file", stream=True)  # Locust leaves out what it has for streams
        while answer.stream.read(200_000):
            time.sleep(0.05)

    @task(3)
    def look(self) -> None:
        """Something short."""
        self.client.get("/page")
