"""A foreign scenario: two kinds of users who log in, pause for long, and have tasks of every kind that Locust knows."""

import os

import gevent
from locust import FastHttpUser, HttpUser, SequentialTaskSet, TaskSet, between, constant, task

PATH = os.environ.get("TEST_PATH", "/io?ms=20")


class Checkout(SequentialTaskSet):
    """Three steps in order, then back to the user."""

    wait_time = between(20, 40)

    @task
    def cart(self) -> None:
        self.client.get(PATH, name="cart")

    @task
    def pay(self) -> None:
        self.client.get(PATH, name="pay")

    @task
    def leave(self) -> None:
        self.client.get(PATH, name="leave")
        self.interrupt()  # type: ignore[no-untyped-call] # Locust's


class Browsing(TaskSet):
    """Pages one after the other, with a pause of its own within a page."""

    @task(3)
    def page(self) -> None:
        self.client.get(PATH, name="page")
        self.wait()  # type: ignore[no-untyped-call]
        self.client.get(PATH, name="picture")

    @task(1)
    def away(self) -> None:
        self.interrupt(reschedule=False)  # type: ignore[no-untyped-call]


class Buyer(HttpUser):
    """Logs in once, and buys."""

    weight = 1
    wait_time = constant(30)
    tasks = [Checkout]  # noqa: RUF012 Locust's

    def on_start(self) -> None:
        self.client.get("/io?ms=50", name="login")


class Reader(FastHttpUser):
    """Reads, three times as often."""

    weight = 3
    wait_time = constant(0.05)
    tasks = {Browsing: 1}  # type: ignore[assignment] # noqa: RUF012

    @task(2)
    def at_once(self) -> None:
        """A request in a greenlet of its own."""
        gevent.spawn(self.client.get, PATH, name="aside").join()

    @task(1)
    def fails(self) -> None:
        """A task that raises."""
        self.client.get(PATH, name="raises")
        raise RuntimeError("as scenarios do")
