"""What passes between the sweep's parts, and stands in its folder."""

from __future__ import annotations

from typing import Literal

import msgspec

from explain_laws import Setting
from explain_types import Analysis
from sweep.options import Options

SCHEMA = 2  # of sweep.json; 1 had analyses without a demand
# Of the plan's CPU. The kernel's own work for the app's connections is some 2 % at 350 requests/s.
DISTURBED = 0.10
AROUND = 4.0  # s that a run takes beside its window: gunicorn's start, Locust's warm-up and end


class Outside(msgspec.Struct, frozen=True):
    """What an observer saw of a gunicorn's process tree.

    Attributes:
        memory_peak_mb: the most that it took.
        cpu_seconds: of the tree, from its start to its end.
        cpu_utilization: of the plan's vCPUs under load, 0 to 1; None if nothing was measured.
        others_utilization: the same of other programs on its cores; None where Locust is one of them.
        workers_started, workers_died: how many.
        seconds: how long it was looked at.
    """

    memory_peak_mb: float
    cpu_seconds: float
    cpu_utilization: float | None
    others_utilization: float | None
    workers_started: int
    workers_died: int
    seconds: float

    @property
    def disturbed(self) -> bool:
        """Whether other programs took so much of gunicorn's cores that the figures are not the app's alone."""
        return (self.others_utilization or 0.0) > DISTURBED


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One finished measurement of a setting: a line of results.jsonl.

    Attributes:
        workers, threads: the setting.
        repeat: 0 for its first run, then 1, 2, …
        status: "ok" or "failed".
        error: why it failed, with the last lines of the log that says so; None if it did not.
        analysis: Locust's; None if there was none.
        outside: what an observer saw; None if gunicorn did not start.
        void: it failed only because its figures say nothing of the setting, for instance as Locust was the limit.
        failures: which requests failed, and of what, a line each; "" if none did.
    """

    workers: int
    threads: int
    repeat: int
    status: Literal["ok", "failed"]
    error: str | None = None
    analysis: Analysis | None = None
    outside: Outside | None = None
    void: bool = False
    failures: str = ""

    @property
    def setting(self) -> Setting:
        """Its setting."""
        return Setting(self.workers, self.threads)

    @property
    def ok(self) -> bool:
        """Whether its figures count."""
        return self.status == "ok"


class PlanSize(msgspec.Struct, frozen=True):
    """What a plan gives the app; memory_mb is what it leaves it."""

    name: str
    vcpu: int
    memory_mb: float


class Skipped(msgspec.Struct, frozen=True):
    """A setting that was looked at and not measured, and why."""

    workers: int
    threads: int
    reason: str


class Check(msgspec.Struct, frozen=True):
    """The recommended setting under more users than the sweep's, which takes slots as a slower upstream does.

    Attributes:
        workers, threads: the setting.
        users: how many.
        analysis: Locust's; None if there was none.
        error: why it says nothing; None if it does.
        rps: the rate of arrivals in place of users; None where users wait for their answers.
    """

    workers: int
    threads: int
    users: int
    analysis: Analysis | None = None
    error: str | None = None
    rps: float | None = None

    @property
    def setting(self) -> Setting:
        """Its setting."""
        return Setting(self.workers, self.threads)


class Info(msgspec.Struct, forbid_unknown_fields=True):
    """What sweep.json holds.

    Attributes:
        options: as the sweep was started.
        plan: its size.
        environment: what the report says of the machine, by name, for instance "CPU", "gunicorn".
        command: the command that repeats it.
        started: when, ISO 8601 with its time zone.
        unloaded: the analysis of one user with one slot; None if that run failed.
        unloaded_memory_mb: peak memory of that gunicorn's process tree.
        unloaded_error: why it failed.
        app: MODULE:NAME of what is measured, also where it was found and not given.
        skipped: settings that were not measured.
        check: of the recommendation; None before it, and with a grid.
        finished: whether there is nothing left to measure.
        stopped: why not, in words, for instance "Ctrl-C".
        schema: of this file.
    """

    options: Options
    plan: PlanSize
    environment: dict[str, str]
    command: str
    started: str
    unloaded: Analysis | None = None
    unloaded_memory_mb: float | None = None
    unloaded_error: str | None = None
    app: str = "app:app"
    skipped: list[Skipped] = msgspec.field(default_factory=list)
    check: Check | None = None
    finished: bool = False
    stopped: str | None = None
    schema: int = SCHEMA
