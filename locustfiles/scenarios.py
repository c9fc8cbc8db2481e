"""All scenarios in one file, for the web UI: its form has a choice, `--scenario` on the command line.

Locust's own class picker would start with all of them ticked, and so with a mix of the three.
"""

from typing import Any

from locust import FastHttpUser, events

import cpu_bound
import io_bound
import mixed

TASKS = {
    "io_bound": io_bound.IoBound.tasks,
    "cpu_bound": cpu_bound.CpuBound.tasks,
    "mixed": mixed.Mixed.tasks,
}


def add_option(parser: Any) -> None:
    """Add the choice to the command line, and so to the web UI's form."""
    parser.add_argument("--scenario", choices=list(TASKS), default="io_bound", help="What the users do")


events.init_command_line_parser.add_listener(add_option)  # type: ignore[no-untyped-call] # Locust's


class Scenario(FastHttpUser):
    """Does what the chosen scenario does."""

    tasks = TASKS["io_bound"]

    def on_start(self) -> None:
        """Take the scenario that was chosen when this test started."""
        self.tasks = TASKS[self.environment.parsed_options.scenario]
