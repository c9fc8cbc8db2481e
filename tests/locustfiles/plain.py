"""The tests' scenario without the plugin."""

from locust import FastHttpUser, task


class Plain(FastHttpUser):
    @task
    def one(self) -> None:
        self.client.get("/hello", name="one")
