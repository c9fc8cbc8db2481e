"""A locustfile: users who wait for a second, and then ask again."""

from locust import FastHttpUser, task

import explain  # noqa: F401 says where requests wait


class Impatient(FastHttpUser):
    """Has no time."""

    network_timeout = connection_timeout = 1.0

    @task
    def page(self) -> None:
        """Ask for it."""
        self.client.get("/")
