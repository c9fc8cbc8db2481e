"""Scenarios for the tests: the route, the client and the pauses come from the environment."""

import os

from locust import FastHttpUser, HttpUser, constant, runners, task

import explain  # noqa: F401

PATH = os.environ.get("TEST_PATH", "/io?ms=100")
# Worker processes report every 3 s; a test that waits for some reports need not wait as long.
runners.WORKER_REPORT_INTERVAL = float(os.environ.get("TEST_REPORT_SECONDS", runners.WORKER_REPORT_INTERVAL))
BASE = HttpUser if os.environ.get("TEST_CLIENT") == "HttpUser" else FastHttpUser


class Tested(BASE):  # type: ignore[misc, valid-type]
    wait_time = constant(float(os.environ.get("TEST_WAIT", "0")))

    @task
    def one(self) -> None:
        self.client.get(PATH, name="one")
