"""Locust with the analysis, whatever the scenario: `python -P locust_main.py WARM_UP`, then Locust's own options.

A scenario that is not ours needs no `import explain`; it is done here. The first WARM_UP seconds under load are left
out of the window, and with --pause the users of any scenario think for so long.

Nothing of the sweep is imported, and the folder of the analysis comes last, so that a scenario from elsewhere may
have modules of whatever names beside it.
"""

import sys
from pathlib import Path
from typing import Any

import gevent
from locust import events
from locust.main import main
from locust.runners import WorkerRunner

LOCUSTFILES = Path(__file__).resolve().parents[2] / "locustfiles"


def reset_after(warm_up: float) -> None:
    """Have the window start anew so many seconds after the last user started."""

    def on_init(environment: Any, **_others: Any) -> None:
        if isinstance(environment.runner, WorkerRunner):
            return  # it hears of it from its master

        def warmed_up(**_others: Any) -> None:
            gevent.spawn_later(warm_up, environment.explanation.reset)

        environment.events.spawning_complete.add_listener(warmed_up)

    hooks: Any = events  # Locust leaves them untyped
    hooks.init.add_listener(on_init)


def pause_as_asked() -> None:
    """Have all users think for as long as --pause says, if it says so, whatever their class has."""

    def on_init(environment: Any, **_others: Any) -> None:
        if environment.parsed_options.pause:
            for user in environment.user_classes:
                user.wait_time = think

    hooks: Any = events
    hooks.init.add_listener(on_init)


if __name__ == "__main__":
    sys.path.append(str(LOCUSTFILES))
    import explain  # noqa: F401 adds --analysis-json and listens to Locust's events
    from explain_think import think

    pause_as_asked()
    reset_after(float(sys.argv.pop(1)))
    sys.exit(main())  # type: ignore[no-untyped-call] # Locust's
