"""Locust with the analysis, whatever the scenario: `python -m sweep.locust_main WARM_UP`, then Locust's own options.

A scenario that is not ours needs no `import explain`; it is done here. And the first WARM_UP seconds under load are
left out of the window.
"""

import sys
from typing import Any

import gevent
from locust import events
from locust.main import main
from locust.runners import WorkerRunner

import explain  # noqa: F401 adds --analysis-json and listens to Locust's events

WARM_UP = float(sys.argv.pop(1))  # s


def on_init(environment: Any, **_others: Any) -> None:
    """Start the window anew when the warm-up is over. A worker process hears of it from its master."""
    if isinstance(environment.runner, WorkerRunner):
        return

    def warmed_up(**_others: Any) -> None:
        gevent.spawn_later(WARM_UP, environment.explanation.reset)

    environment.events.spawning_complete.add_listener(warmed_up)


if __name__ == "__main__":
    hooks: Any = events  # Locust leaves them untyped
    hooks.init.add_listener(on_init)
    sys.exit(main())  # type: ignore[no-untyped-call] # Locust's
