"""Every fifth request fails."""

from locust import FastHttpUser, constant, task

import explain  # noqa: F401


class Some(FastHttpUser):
    wait_time = constant(0.02)

    @task
    def five(self) -> None:
        for _ in range(4):
            self.client.get("/healthz")
        self.client.get("/nowhere")
