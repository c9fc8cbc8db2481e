"""A locustfile: requests that wait 5 ms."""

from locust import FastHttpUser, task


class Short(FastHttpUser):
    """Calls `/io?ms=5` back to back."""

    @task
    def io(self) -> None:
        """One request that takes 5 ms in the app."""
        self.client.get("/io?ms=5", name="/io?ms=5")
