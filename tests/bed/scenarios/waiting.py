"""A locustfile: users who wait 2.0 s between two POSTs, which is exactly gunicorn's own keep-alive."""

from locust import FastHttpUser, constant, task


class Waiting(FastHttpUser):
    """POSTs to a route that answers fast."""

    wait_time = constant(2.0)

    @task
    def post(self) -> None:
        """One request; a POST is not sent again when its connection turns out to be closed."""
        self.client.post("/io?ms=5", name="/io?ms=5")
