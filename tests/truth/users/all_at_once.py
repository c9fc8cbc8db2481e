"""A locustfile: users who all ask at the same moment, each two seconds, as clocks make them."""

import time

from locust import FastHttpUser, task

import explain  # noqa: F401 says where requests wait


class OnTheSecond(FastHttpUser):
    """Asks on each even second."""

    def wait_time(self) -> float:
        """Wait for the next one."""
        return 2 - time.time() % 2

    @task
    def page(self) -> None:
        """Ask."""
        self.client.get("/")
