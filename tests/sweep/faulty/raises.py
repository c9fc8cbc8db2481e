"""A scenario with a mistake: no task of it makes a request."""

from locust import FastHttpUser, constant, task


class Mistaken(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def index(self) -> None:
        self.clinet.get("/")  # type: ignore[attr-defined] # this is the mistake
