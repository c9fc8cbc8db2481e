"""Locust with the analysis, whatever the scenario: `python -m sweep.locust_main WARM_UP`, then Locust's own options.

A scenario that is not ours needs no `import explain`; it is done here. And the first WARM_UP seconds under load are
left out of the window.
"""

import sys
from pathlib import Path
from typing import Any

import gevent
from locust import events
from locust.main import main
from locust.runners import WorkerRunner

import explain  # noqa: F401 adds --analysis-json and listens to Locust's events
from sweep import ROOT

WARM_UP = float(sys.argv.pop(1))  # s


def on_init(environment: Any, **_others: Any) -> None:
    """Start the window anew when the warm-up is over. A worker process hears of it from its master."""
    if isinstance(environment.runner, WorkerRunner):
        return

    def warmed_up(**_others: Any) -> None:
        gevent.spawn_later(WARM_UP, environment.explanation.reset)

    environment.events.spawning_complete.add_listener(warmed_up)


def make_way(scenario: Path) -> None:
    """Let a scenario from elsewhere have modules of the same names as ours, for instance its own `analysis`.

    Ours are all loaded by now. `explain` stays, as a scenario made for it imports it, and it must not be there twice.
    """
    flat = ROOT / "locustfiles"
    if scenario.resolve().parent == flat:
        return
    sys.path[:] = [folder for folder in sys.path if Path(folder).resolve() not in (ROOT, flat)]
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and Path(file).parent in (flat, ROOT / "sweep") and name not in ("__main__", "explain"):
            del sys.modules[name]


if __name__ == "__main__":
    make_way(Path(sys.argv[sys.argv.index("--locustfile") + 1]))
    hooks: Any = events  # Locust leaves them untyped
    hooks.init.add_listener(on_init)
    sys.exit(main())  # type: ignore[no-untyped-call] # Locust's
