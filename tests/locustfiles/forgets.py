"""A locustfile: users who keep no cookie."""

from locust import FastHttpUser, task

import explain  # noqa: F401 what is tried


class Forgets(FastHttpUser):
    """Calls `/io?ms=100` back to back."""

    @task
    def io(self) -> None:
        """One request, by somebody new."""
        self.client.cookiejar.clear()
        self.client.get("/io?ms=100", name="/io?ms=100")
