"""A fresh gunicorn under this repository's configuration, on the plan's cores, with an observer."""

from __future__ import annotations

import http.client
import time
from pathlib import Path

from explain_laws import Setting
from sweep.measure.evidence import MeasurementError, NotStartedError
from sweep.measure.observer import Observer
from sweep.measure.preflight import conf_of
from sweep.measure.processes import Processes, clean_environ, free_port
from sweep.measure.target import Target

# The platform's own warm-up request: any status will do.
READY_PATH = "/robots933456.txt"
READY_SECONDS = 10.0
SAMPLE_SECONDS = 0.2
# All workers have loaded the app when the tree has used less than a tenth of a core for this long; an app with a
# busy thread of its own never gets there, and is measured all the same.
SETTLED_SECONDS, SETTLED_SHARE, SETTLE_MOST = 0.4, 0.1, 10.0


class Server:
    """A gunicorn that was started.

    Attributes:
        target: what is measured.
        log: takes what gunicorn and the app write; note: why they do not start.
        port: on 127.0.0.1.
        process: the arbiter.
        observer: of its process tree.
    """

    def __init__(self, processes: Processes, target: Target, setting: Setting, log: Path) -> None:
        """Start it."""
        self.target, self.log, self.note = target, log, log.with_name("why")
        self.port = int(target.gunicorn["bind"].rpartition(":")[2]) if "bind" in target.gunicorn else free_port()
        variables = {
            "GUNICORN_BIND": f"127.0.0.1:{self.port}",
            "GUNICORN_ACCESSLOG": "None",  # a line per request costs CPU
            **{f"GUNICORN_{name.upper()}": value for name, value in target.gunicorn.items()},
            "GUNICORN_WORKERS": str(setting.workers),
            "GUNICORN_THREADS": str(setting.threads),
            "SERVER_TIMING": "true",
            "SLOT_START_NOTE": str(self.note),
        }
        command = [target.python, "-m", "gunicorn", "--config", str(conf_of(target.chdir))]
        command += [target.app] if target.app else []
        self.process = processes.start(command, target.app_cores, log, clean_environ(variables), target.chdir)
        self.observer = Observer(self.process.pid, target.app_cores)

    def wait_ready(self) -> None:
        """Wait until the app answers with any status, and all workers have loaded it.

        Raises:
            NotStartedError: it does not, or has ended.
            MeasurementError: it takes more memory than the plan has.
        """
        end = time.monotonic() + self.target.start_seconds
        while not (self.observer.listens(self.port) and self.answers(end - time.monotonic())):
            if self.process.poll() is not None:
                raise self.not_started(f"gunicorn ended with status {self.process.returncode}")
            self.sample()  # looks at memory alone: an end in this moment is a start that failed, too
            if time.monotonic() > end:
                raise self.not_started(f"the app did not answer within {self.target.start_seconds:g} s")
        end = time.monotonic() + SETTLE_MOST
        while not self.observer.idle(SETTLED_SECONDS, SETTLED_SHARE) and time.monotonic() < end:
            self.look()

    def not_started(self, reason: str) -> NotStartedError:
        """Return why it does not start, as gunicorn_slots has noted it, else a reason and what the log says."""
        try:
            return NotStartedError(self.note.read_text(encoding="utf-8", errors="replace").strip() or reason)
        except OSError:
            return NotStartedError(reason, self.log)

    def answers(self, seconds: float) -> bool:
        """Whether the app answers within so many seconds, with any status.

        No proxy is asked, and no redirect followed.
        """
        timeout = max(SAMPLE_SECONDS, min(READY_SECONDS, seconds))
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", READY_PATH)
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return True

    def look(self) -> None:
        """Look at it for a moment.

        Raises:
            MeasurementError: it has ended, or has more memory than the plan.
        """
        self.sample()
        if self.process.poll() is not None:
            raise MeasurementError(f"gunicorn ended with status {self.process.returncode}", self.log)

    def sample(self) -> None:
        """Look at its memory, and wait until the next look.

        Raises:
            MeasurementError: it has more memory than the plan.
        """
        self.observer.sample()
        used, room = self.observer.memory_mb, self.target.memory_mb
        if used > room:
            reason = f"ended for memory: the app took {used:.0f} MB, and the plan leaves it {room:.0f} MB"
            raise MeasurementError(reason, self.log)
        time.sleep(SAMPLE_SECONDS)
