"""A locustfile: the same with requests, which costs Locust four times the CPU."""

from locust import HttpUser, task

import explain  # noqa: F401 says where requests wait


class Visitor(HttpUser):
    """Requests `/` back to back."""

    @task
    def visit(self) -> None:
        """One request."""
        self.client.get("/")
