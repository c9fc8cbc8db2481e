"""Requests that compute: the CPU is what limits them, and threads only make them wait for each other."""

from locust import FastHttpUser, task

import explain  # noqa: F401 says where requests wait: the tab "Why?", and a verdict at the end
from explain_think import think


class CpuBound(FastHttpUser):
    """Calls `/cpu?ms=20` back to back."""

    wait_time = think  # no pause unless --pause says so

    @task
    def cpu(self) -> None:
        """One request that takes 20 ms of CPU time."""
        self.client.get("/cpu?ms=20", name="/cpu?ms=20")
