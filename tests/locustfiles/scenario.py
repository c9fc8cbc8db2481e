"""Scenarios for the tests: the route, the client and the pauses come from the environment."""

import os

from locust import FastHttpUser, HttpUser, constant, task

import explain  # noqa: F401

PATH = os.environ.get("TEST_PATH", "/io?ms=100")
BASE = HttpUser if os.environ.get("TEST_CLIENT") == "HttpUser" else FastHttpUser


class Tested(BASE):  # type: ignore[misc, valid-type]
    wait_time = constant(float(os.environ.get("TEST_WAIT", "0")))

    @task
    def one(self) -> None:
        self.client.get(PATH, name="one")
