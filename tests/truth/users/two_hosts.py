"""A locustfile: requests of an app, and of another one at TRUTH_OTHER, which has another setting."""

import os

from locust import FastHttpUser, task

import explain  # noqa: F401 says where requests wait


class Visitor(FastHttpUser):
    """Goes from one to the other."""

    @task
    def one(self) -> None:
        """The host that the test names."""
        self.client.get("/")

    @task
    def other(self) -> None:
        """The other one."""
        self.client.get(os.environ["TRUTH_OTHER"])
