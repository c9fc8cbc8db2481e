"""People who read: nine quick pages, and one that waits for a slow upstream. With one slot all wait for that one."""

from locust import FastHttpUser, task

import explain  # noqa: F401 says where requests wait: the tab "Why?", and a verdict at the end
from explain_think import think


class Story(FastHttpUser):
    """Reads for one to three seconds after each page."""

    wait_time = think
    pause = "1-3"

    @task(9)
    def page(self) -> None:
        """A quick page: 20 ms in the app."""
        self.client.get("/io?ms=20", name="/page")

    @task
    def report(self) -> None:
        """A report for which another service takes 800 ms."""
        self.client.get("/io?ms=800", name="/report")
