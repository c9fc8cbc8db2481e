"""Locust with the analysis, whatever the scenario.

`python -P locust_main.py WARM_UP SECONDS SIGN_IN FILE`, then Locust's own options. A scenario that is not ours needs no
`import explain`; it is done here. The window begins when the users have gone through their on_start, as a login is, or
SIGN_IN seconds are over, and then the first WARM_UP seconds under load; the test ends with it. FILE is made when they
have. And with --pause the users of any scenario think for so long.

Nothing of the sweep is imported, and the folder of the analysis comes last, so that a scenario from elsewhere may
have modules of whatever names beside it.
"""

import sys
import time
from pathlib import Path
from typing import Any

import gevent
from locust import events
from locust.main import main
from locust.runners import WorkerRunner

LOCUSTFILES = Path(__file__).resolve().parents[2] / "locustfiles"
LOOK_SECONDS = 0.02


def one_window(warm_up: float, seconds: float, sign_in: float, file: Path) -> None:
    """Have the window begin when the load is what it stays, and the test end with it.

    Args:
        warm_up: what of the load is left out, in s.
        seconds: the window's length.
        sign_in: how long users may take until they begin with their tasks, in s.
        file: made when they do.
    """

    def on_init(environment: Any, **_others: Any) -> None:
        if isinstance(environment.runner, WorkerRunner):
            return  # it hears of it from its master

        def spawned(**_others: Any) -> None:
            gevent.spawn(measure)

        def measure() -> None:
            # Of arrivals, new users come at any time. A master has no users, and cannot know.
            until = time.monotonic() + (0 if environment.parsed_options.rps else sign_in)
            while time.monotonic() < until and yet_to_begin(environment.runner.user_greenlets):
                gevent.sleep(LOOK_SECONDS)
            file.touch()
            gevent.sleep(warm_up)
            environment.explanation.reset()
            if environment.shape_class is None:  # which ends by itself
                gevent.sleep(seconds)
                environment.runner.quit()

        environment.events.spawning_complete.add_listener(spawned)

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
    from explain_starts import yet_to_begin
    from explain_think import think

    pause_as_asked()
    one_window(float(sys.argv.pop(1)), float(sys.argv.pop(1)), float(sys.argv.pop(1)), Path(sys.argv.pop(1)))
    sys.exit(main())  # type: ignore[no-untyped-call] # Locust's
