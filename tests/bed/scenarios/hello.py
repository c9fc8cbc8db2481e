"""A locustfile: the cheapest request there is."""

from locust import FastHttpUser, task


class Hello(FastHttpUser):
    """Calls `/healthz` back to back."""

    @task
    def hello(self) -> None:
        """One request that costs the app next to nothing."""
        self.client.get("/healthz")
