"""Two steps of load: of the first one all requests fail, of the second one none."""

from locust import FastHttpUser, LoadTestShape, constant, task

import explain  # noqa: F401


class Steps(LoadTestShape):
    def tick(self) -> tuple[int, float] | None:
        if self.get_run_time() > 6:  # type: ignore[no-untyped-call]
            return None
        return (2, 10) if self.get_run_time() < 2.5 else (4, 10)  # type: ignore[no-untyped-call]


class Stepped(FastHttpUser):
    wait_time = constant(0.05)

    @task
    def one(self) -> None:
        users = self.environment.runner.user_count if self.environment.runner else 0
        self.client.get("/nowhere" if users < 4 else "/healthz", name="one")
