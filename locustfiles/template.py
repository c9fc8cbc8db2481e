"""Copy this file to start a scenario of your own, for instance to my_app.py, then run

LOCUST_LOCUSTFILE=my_app.py docker compose up
"""

from locust import FastHttpUser, between, task

import explain  # noqa: F401 says where requests wait: the tab "Why?", and a verdict at the end. Keep this line


class MyUser(FastHttpUser):
    """One user of your app. FastHttpUser needs about a quarter of HttpUser's CPU; its API is nearly the same."""

    # How long a user thinks between two requests. Without it, each user sends the next request at once.
    wait_time = between(1, 3)

    def on_start(self) -> None:
        """Runs once for each user: log in here."""

    @task(3)  # three times as often as the other one
    def read(self) -> None:
        """Fetch a page. `name` groups addresses that differ only in an id into one row of the statistics."""
        self.client.get("/io?ms=100", name="/io")

    @task
    def write(self) -> None:
        """Send something, and say yourself what counts as a failure."""
        with self.client.post(
            "/io?ms=200", json={"hello": "world"}, name="/io (POST)", catch_response=True
        ) as response:
            if response.status_code == 200 and "waited_ms" not in response.text:
                response.failure("the answer does not say how long it waited")
