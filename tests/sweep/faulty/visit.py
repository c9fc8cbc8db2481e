"""A scenario without this project's plugin, as somebody else's is."""

from locust import FastHttpUser, task


class Visitor(FastHttpUser):
    @task
    def index(self) -> None:
        self.client.get("/")
