"""A locustfile: signs in when a user comes, then looks at pages."""

from locust import FastHttpUser, task

import explain  # noqa: F401 says where requests wait
from explain_think import think


class Member(FastHttpUser):
    """Has a session."""

    wait_time = think

    def on_start(self) -> None:
        """Sign in; the client keeps the cookie."""
        self.client.post("/sign-in")

    @task
    def look(self) -> None:
        """A page."""
        self.client.get("/page")
