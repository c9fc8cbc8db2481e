"""Pages of any app, by their addresses: the load on an app in APP_DIR that brings no locustfile of its own.

LOCUST_PATHS=/,/products?page=2 docker compose up
"""

import itertools
from typing import Any

from locust import FastHttpUser, events, task

import explain  # noqa: F401 says where requests wait: the tab "Why?", and a verdict at the end
from explain_options import shared_add
from explain_think import think


def add_option(parser: Any, **_others: Any) -> None:
    """Add the addresses to the command line, and so to the web UI's form."""
    shared_add(parser, parser)(
        "--paths", metavar="PATHS", env_var="LOCUST_PATHS", default="/", help="Addresses to get, separated by commas"
    )


events.init_command_line_parser.add_listener(add_option)  # type: ignore[no-untyped-call] # Locust's


class Visitor(FastHttpUser):
    """Gets one address after another."""

    wait_time = think

    def on_start(self) -> None:
        """Take the addresses that this test was started with."""
        given = (self.environment.parsed_options.paths or "/").split(",")
        self.paths = itertools.cycle([path.strip() for path in given if path.strip()] or ["/"])

    @task
    def get(self) -> None:
        """One page."""
        self.client.get(next(self.paths))
