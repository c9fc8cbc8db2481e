"""Requests that wait, as for a remote API: the CPU idles, so threads are what limits them."""

from locust import FastHttpUser, task

import explain  # noqa: F401 says where requests wait: the tab "Why?", and a verdict at the end
from explain_think import think


class IoBound(FastHttpUser):
    """Calls `/io?ms=100` back to back, so that as many requests are under way as there are users."""

    wait_time = think  # no pause unless --pause says so

    @task
    def io(self) -> None:
        """One request that takes 100 ms in the app."""
        self.client.get("/io?ms=100", name="/io?ms=100")
