"""Starts and ends a load that does not wait for answers, in any of Locust's kinds of process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import gevent
from locust.runners import MasterRunner, WorkerRunner
from locust.user.users import PytestUser

from explain_open import OpenLoad, open_load
from explain_pool import Pool, count_from_due, let_arrivals_decide
from explain_schedule import Ledger
from explain_words import figure

logger = logging.getLogger("locust.explain")


class Opening:
    """What a test's load is: arrivals, or users who wait.

    Attributes:
        load: that of all processes together; None for users who wait.
        tests: how many there were.
        ramping: how long the ramp takes that is yet to begin, in s.
    """

    def __init__(self, environment: Any, ledger: Ledger) -> None:
        self.environment, self.ledger = environment, ledger
        self.load: OpenLoad | None = None
        self.pool: Pool | None = None
        self.tests, self.ramping = 0, 0.0

    def problem(self) -> str:
        """Return why the load that was asked for cannot be made, in one line; "" if it can, or none was."""
        environment, rps = self.environment, getattr(self.environment.parsed_options, "rps", None)
        if not rps:
            return ""
        if environment.shape_class is not None:
            shape = type(environment.shape_class).__name__
            return f"--rps {rps}: {shape}, a LoadTestShape, is a load of its own: expected a scenario without one"
        for user in environment.user_classes:
            if issubclass(user, PytestUser):
                return (
                    f"--rps {rps}: {user.__name__} is a test of pytest's: expected users with tasks, which can be due"
                )
        return ""

    def start_test(self) -> None:
        """Take the load that this test was started with."""
        self.tests += 1
        self.ledger.asked = 0.0
        self.environment.explain_pool = self.pool = None
        if problem := self.problem():
            logger.error(problem)
        self.load = None if problem else open_load(self.environment.parsed_options, logger.error)
        if self.load is None:
            return
        self.ramping = self.load.ramp_s
        if not isinstance(self.environment.runner, MasterRunner):
            let_arrivals_decide()
            self.environment.explain_pool = self.pool = Pool(self.environment.runner, self.ledger)
            if not hasattr(self.environment, "explain_from_due"):
                self.environment.explain_from_due = True
                count_from_due(self.environment.events.request)
        if not isinstance(self.environment.runner, WorkerRunner):
            logger.info(
                f"--rps {figure(self.load.rps)}: so many tasks begin in a second, at random moments, on up to "
                f"{self.load.max_users} users (--max-users). The pauses between tasks, and --pause, do not count"
            )

    def begin(self, processes: int, ramped: Callable[[], None]) -> None:
        """Let arrivals come, when all users are there.

        Args:
            processes: how many have a part in them.
            ramped: called when the rate's ramp is over.
        """
        if self.load is None:
            return
        if self.pool is not None:
            number = getattr(self.environment.runner, "worker_index", 0)
            if self.pool.load is not None:  # the rate of a running test may have been changed
                self.load = open_load(self.environment.parsed_options, logger.error) or self.load
            self.pool.start(self.load.share(processes, number))
        if self.ramping and not isinstance(self.environment.runner, WorkerRunner):
            gevent.spawn_later(self.ramping, self.ramp_over, self.tests, ramped)
            self.ramping = 0.0

    def ramp_over(self, test: int, ramped: Callable[[], None]) -> None:
        """Have the figures start when the rate is reached, if the test goes on."""
        if test == self.tests and self.load is not None:
            ramped()
            if self.environment.reset_stats:
                self.environment.runner.stats.reset_all()

    def end(self) -> None:
        """Let no more arrivals come."""
        self.load = None
        if self.pool is not None:
            self.pool.stop()
