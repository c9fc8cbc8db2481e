"""What a sweep can be asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from sweep import ROOT

# Compose and `make sweep` set these.
FROM_ENVIRONMENT = {"python": "SWEEP_PYTHON", "chdir": "SWEEP_CHDIR"}
SCENARIOS = ("io_bound", "cpu_bound", "mixed", "story")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sweep's options, all of them; the names are those of the command line.

    Attributes:
        workers, threads: the grid; () lets the sweep decide.
        users: number of Locust's users.
        scenario: a scenario's name, or the path of a locustfile.
        app: MODULE:NAME; None lets gunicorn.conf.py find one.
        chdir: the app's folder.
        python: the interpreter that runs gunicorn and the app.
        plan: an App Service plan.
        max_p95: in ms; None for any.
        max_fail_ratio: share of the requests that may fail; None for as many as fail of a single user's.
        instances: how many the answer is for; measured is one.
        pause: how long users think, as Locust's --pause; None leaves it to the scenario.
        rps: tasks that begin in a second, whether or not the app answers; None for users who wait for their answers.
        find_limit: whether to look for the rate that a setting holds, instead of a setting.
        repeats: runs of each setting that could be the best.
        seconds: of each run; None lets the app's response time decide.
        start_seconds: how long the app may take to start.
        gunicorn: settings held fixed, by name.
        share_cores: let gunicorn and Locust use the same cores.
        seed: of the order in which settings are measured.
    """

    workers: tuple[int, ...]
    threads: tuple[int, ...]
    users: int
    scenario: str
    app: str | None
    chdir: str
    python: str
    plan: str
    max_p95: float | None
    repeats: int
    seconds: float | None
    start_seconds: float
    gunicorn: dict[str, str]
    share_cores: bool
    seed: int
    # With defaults, as folders from before have none of these.
    max_fail_ratio: float | None = None
    pause: str | None = None
    rps: float | None = None
    find_limit: bool = False
    instances: int = 1

    @classmethod
    def of(cls, **given: Any) -> Options:
        """Return the options that are given, and the defaults of the others."""
        return msgspec.structs.replace(DEFAULTS, **given)

    @property
    def is_grid(self) -> bool:
        """Whether every setting is given, so that there is nothing to search."""
        return bool(self.workers and self.threads)

    @property
    def locustfile(self) -> Path:
        """The scenario's file."""
        return ROOT / "locustfiles" / f"{self.scenario}.py" if self.scenario in SCENARIOS else Path(self.scenario)

    @property
    def scenario_name(self) -> str:
        """The scenario's name without a folder."""
        return self.locustfile.stem

    @property
    def is_open(self) -> bool:
        """Whether the load is arrivals, which do not wait for answers."""
        return self.rps is not None or self.find_limit

    @property
    def load(self) -> str:
        """What the app has to hold, in words."""
        return f"{self.users} users" if self.rps is None else f"{self.rps:g} arrivals/s"

    def as_texts(self) -> dict[str, str]:
        """Return each option as it is written on the command line; "" where it is not set."""
        texts = {name: written(value) for name, value in msgspec.structs.asdict(self).items()}
        return texts | ({"users": ""} if self.is_open else {})

    def words(self, out: Path, known: Collection[str] = ()) -> list[str]:
        """Return the command line's words that repeat the sweep into another folder.

        Args:
            out: that folder.
            known: options that are what they are without being given.
        """
        words: list[str] = []
        for name, value in msgspec.structs.asdict(self).items():
            option = f"--{name.replace('_', '-')}"
            if name == "gunicorn":
                for setting, text in value.items():
                    words += [option, f"{setting}={text}"]
            elif value is True:
                words.append(option)
            elif name in known or (
                name in FROM_ENVIRONMENT and value == absolute(os.environ.get(FROM_ENVIRONMENT[name], ""))
            ):
                continue  # Compose and `make sweep` set it anyway
            elif name == "users" and self.is_open:
                continue
            elif name in ("seed", "users", "scenario", "plan") or value != getattr(DEFAULTS, name):
                words += [option, written(value)]
        return [*words, "--out", str(out)]


DEFAULTS = Options(
    workers=(),
    threads=(),
    users=36,
    scenario="io_bound",
    app=None,
    chdir=str(ROOT),
    python=sys.executable,
    plan="B1",
    max_p95=None,
    repeats=3,
    seconds=None,
    start_seconds=60.0,
    gunicorn={},
    share_cores=False,
    seed=1,
)


def written(value: Any) -> str:
    """Return an option's value as it is written on the command line; "" if it is not set."""
    if isinstance(value, dict):
        return " ".join(f"{name}={text}" for name, text in value.items())
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return "" if value is None or value is False else str(value)


def absolute(path: str) -> str:
    """Return a path from the root, a link kept as it is (a virtualenv's Python is one); a name alone stays one."""
    try:
        is_path = os.sep in path or Path(path).exists()
    except OSError:  # as where it is too long
        is_path = False
    return os.path.abspath(path) if is_path else path  # noqa: PTH100 would follow no link either, but drops no ..
