"""Requests that wait and then compute, as most do: where the limit is, only a measurement tells."""

from locust import FastHttpUser, task

import explain  # noqa: F401 says where requests wait: the tab "Why?", and a verdict at the end
from explain_think import think


class Mixed(FastHttpUser):
    """Calls `/mixed?io_ms=80&cpu_ms=5` back to back."""

    wait_time = think  # no pause unless --pause says so

    @task
    def mixed(self) -> None:
        """One request that waits 80 ms and takes 5 ms of CPU time."""
        self.client.get("/mixed?io_ms=80&cpu_ms=5", name="/mixed?io_ms=80&cpu_ms=5")
