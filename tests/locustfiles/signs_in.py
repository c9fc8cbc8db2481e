"""Users who sign in before they do anything else, which takes longer than the rest."""

from locust import FastHttpUser, between, task

import explain  # noqa: F401


class Member(FastHttpUser):
    wait_time = between(0, 0.02)

    def on_start(self) -> None:
        self.client.get("/io?ms=600", name="sign in")

    @task
    def read(self) -> None:
        self.client.get("/io?ms=20", name="read")
