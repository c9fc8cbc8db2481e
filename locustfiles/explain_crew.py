"""What became of a test's users themselves: how many are left, and what their own code raised.

Locust logs an exception and goes on, and a user whose on_start raises one is gone without a word in its statistics. In
each of its processes this listens to all of them; worker processes tell their master with their reports.
"""

from __future__ import annotations

import functools
import sysconfig
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

from explain_tally import count_up
from explain_turnout import Turnout

HERE = Path(__file__).resolve().parent
LIBRARIES = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))
FOREIGN = ("site-packages", "dist-packages")
MOST_TEXT = 200  # of a message, of which the first line is told


class Crew:
    """A test's users, in one of Locust's processes.

    Attributes:
        counts: how often each exception was raised, by its text; in a worker process since its last report.
        left: how many users there were when the test ended; None before.
        begun: whether there has been a test.
        known: greenlets of Locust's own whose exceptions are counted.
    """

    def __init__(self, environment: Any) -> None:
        self.environment = environment
        self.counts: dict[str, int] = {}
        self.left: int | None = None
        self.begun = False
        self.known: list[Any] = []

    def install(self) -> None:
        """Listen to Locust."""
        hooks = self.environment.events
        hooks.test_start.add_listener(lambda **_: self.forget())
        hooks.test_stopping.add_listener(lambda **_: self.end())
        hooks.user_error.add_listener(self.on_user_error)
        hooks.report_to_master.add_listener(self.on_report_to_master)
        hooks.worker_report.add_listener(self.on_worker_report)

    def forget(self) -> None:
        """Forget the last test."""
        self.counts, self.left, self.begun = {}, None, True

    def end(self) -> None:
        """Note who is left when a test ends, as Locust stops them next."""
        self.look()
        if self.left is None:
            self.left = self.environment.runner.user_count

    def on_user_error(self, exception: BaseException, tb: TracebackType | None, **_others: Any) -> None:
        """Count what a user's on_start, task or wait_time raised."""
        count_up(self.counts, told(exception, tb))

    def look(self) -> None:
        """Count what was raised where users are made, and where a LoadTestShape says how many: Locust tells nobody."""
        for name in ("spawning_greenlet", "shape_greenlet"):
            greenlet: Any = getattr(self.environment.runner, name, None)
            if isinstance(getattr(greenlet, "exception", None), Exception) and greenlet not in self.known:
                self.known.append(greenlet)
                _, exception, tb = greenlet.exc_info
                self.on_user_error(exception, tb)

    def on_report_to_master(self, data: dict[str, Any], **_others: Any) -> None:
        """Add what was raised since the last report, in a worker process."""
        self.look()
        data["explain_raised"], self.counts = self.counts, {}

    def on_worker_report(self, data: dict[str, Any], **_others: Any) -> None:
        """Add what a worker process reports, in the master."""
        for text, number in (data.get("explain_raised") or {}).items():
            count_up(self.counts, text, number)

    def raised(self) -> dict[str, int]:
        """Return how often each exception was raised, by its text."""
        self.look()
        return dict(self.counts)

    def turnout(self, before: int) -> Turnout:
        """Return how many users there were to be, and how many are left.

        Args:
            before: as in Turnout.
        """
        runner, shape = self.environment.runner, self.environment.shape_class
        over = self.left is not None  # also where a LoadTestShape ended before there was a test
        return Turnout(
            runner.target_user_count if self.begun or over else None,
            self.left if self.left is not None else runner.user_count,
            before,
            type(shape).__name__ if shape else "",
        )


def told(exception: BaseException, tb: TracebackType | None) -> str:
    """Return what was raised, the first line of its message, and the nearest line of the users' own code."""
    try:
        message = str(exception).strip().split("\n", 1)[0].rstrip(".")  # it stands within a sentence
    except Exception:  # whatever somebody's own class does there
        message = ""
    message = message if len(message) <= MOST_TEXT else f"{message[:MOST_TEXT]}…"
    where = own_line(tb)
    return f"{type(exception).__name__}{message and ': '}{message}{where and ', at '}{where}"


def own_line(tb: TracebackType | None) -> str:
    """Return the last line in a traceback that is of no library, and its function; "" without one."""
    found = ""
    for frame, line in traceback.walk_tb(tb):
        code = frame.f_code
        if is_own(code.co_filename):
            found = f"{Path(code.co_filename).name}:{line} (in {code.co_name})"
    return found


@functools.lru_cache(maxsize=256)
def is_own(name: str) -> bool:
    """Whether a file is the scenario's: not Python's, a package's, or this analysis's own."""
    path = Path(name)
    if not path.is_absolute() or name.startswith(LIBRARIES) or any(part in FOREIGN for part in path.parts):
        return False  # what is compiled, as gevent, has no path of this machine
    return not (path.name.startswith("explain") and path.resolve().parent == HERE)
