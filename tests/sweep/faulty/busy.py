"""A scenario that uses up its core, so that Locust is what limits it."""

from locust import FastHttpUser, task


class Busy(FastHttpUser):
    @task
    def index(self) -> None:
        sum(range(300_000))
        self.client.get("/healthz")
