"""Users who get as far as no request, each in the way that RAISES names."""

import os
import time

from locust import FastHttpUser, LoadTestShape, task
from locust.exception import StopUser

import explain  # noqa: F401

HOW = os.environ["RAISES"]


def password() -> str:
    raise ValueError("no password for user 1\nask somebody")


class Failing(FastHttpUser):
    def __init__(self, environment: object) -> None:
        super().__init__(environment)
        if HOW == "made":
            password()

    def on_start(self) -> None:
        if HOW == "on_start":
            password()
        if HOW == "stops":
            raise StopUser

    def wait_time(self) -> float:
        return float("a while") if HOW == "wait_time" else 0.1

    @task
    def work(self) -> None:
        if HOW == "task":
            password()
        if HOW == "hangs":
            time.sleep(60)


if HOW.startswith("shape"):

    class Shape(LoadTestShape):
        def tick(self) -> tuple[int, float] | None:
            if HOW == "shape raises":
                password()
            over = HOW == "shape ends" or self.get_run_time() > 2  # type: ignore[no-untyped-call]
            return None if over else (0, 10)
