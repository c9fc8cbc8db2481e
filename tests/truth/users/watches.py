"""A locustfile: a third of the users watch the events, the others read pages."""

from locust import FastHttpUser, task

import explain  # noqa: F401 says where requests wait


class Reader(FastHttpUser):
    """Reads pages."""

    weight = 2

    @task
    def page(self) -> None:
        """Read one."""
        self.client.get("/page")


class Watcher(FastHttpUser):
    """Stays at the events."""

    network_timeout = 600

    @task
    def events(self) -> None:
        """Watch them."""
        self.client.get("/events")
