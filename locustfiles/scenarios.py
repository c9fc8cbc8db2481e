"""All scenarios in one file, for the web UI: its form has a choice, `--scenario` on the command line.

Locust's own class picker would start with all of them ticked, and so with a mix of them all.
"""

from typing import Any

from locust import FastHttpUser, events

import cpu_bound
import io_bound
import mixed
import story
from explain_think import think

USERS: dict[str, type[FastHttpUser]] = {
    "io_bound": io_bound.IoBound,
    "cpu_bound": cpu_bound.CpuBound,
    "mixed": mixed.Mixed,
    "story": story.Story,
}


def add_option(parser: Any) -> None:
    """Add the choice to the command line, and so to the web UI's form."""
    parser.add_argument("--scenario", choices=list(USERS), default="io_bound", help="What the users do")


events.init_command_line_parser.add_listener(add_option)  # type: ignore[no-untyped-call] # Locust's


class Scenario(FastHttpUser):
    """Does what the chosen scenario does."""

    tasks = io_bound.IoBound.tasks
    wait_time = think

    def on_start(self) -> None:
        """Take the scenario that was chosen when this test started."""
        chosen = USERS[self.environment.parsed_options.scenario]
        self.tasks = chosen.tasks
        self.pause = getattr(chosen, "pause", "0")
