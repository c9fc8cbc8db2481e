"""The page that BED_PATH names, one after the other."""

import os

from locust import FastHttpUser, task

import explain  # noqa: F401


class Visitor(FastHttpUser):
    @task
    def get(self) -> None:
        self.client.get(os.environ["BED_PATH"], name="page")
