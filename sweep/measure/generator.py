"""A fresh Locust with the scenario, on the cores that gunicorn does not have."""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path
from typing import NamedTuple

import msgspec

from explain_types import Analysis
from sweep.measure.evidence import MeasurementError
from sweep.measure.processes import Processes, clean_environ
from sweep.measure.server import Server
from sweep.measure.target import Target

MAIN = Path(__file__).with_name("locust_main.py")
# Left out of the window: each worker's first requests load and connect what the later ones only use.
WARM_UP = 1.0
# Users are waited for until they have gone through their on_start, for so long at most: their logins are no requests
# that a setting is chosen for. 36 of them, of 0.3 s of CPU each as for a password, take a core 11 s.
SIGN_IN_MOST = 30.0
# Locust's own start, warm-up and end, on a slow machine.
LOCUST_MOST = 60.0


class Arrivals(NamedTuple):
    """Tasks that begin at random moments, whether or not the app answers.

    Attributes:
        rps: how many in a second.
        seed: of the moments. The same ones for all settings make what differs the settings' own.
    """

    rps: float
    seed: int


class Generator:
    """A Locust that was started.

    Attributes:
        seconds: the window's length, after the warm-up.
        folder: takes what it writes.
        log: the path of its log in there.
        signed_in: the path of a file in there that is made when the users begin with their tasks.
        process: Locust, or the master of several.
    """

    def __init__(
        self,
        processes: Processes,
        target: Target,
        port: int,
        users: int,
        seconds: float,
        folder: Path,
        number: int,
        arrivals: Arrivals | None = None,
    ) -> None:
        """Start it.

        Args:
            processes: starts it.
            target: what is measured.
            port: where the app answers.
            users: how many.
            seconds: the window's length.
            folder: for what it writes.
            number: of Locust processes.
            arrivals: which tasks begin when, on as many users as they need; None for users who wait for their answers.
        """
        self.seconds, self.folder = seconds, folder
        self.log, self.json = folder / "locust.log", folder / "analysis.json"
        self.signed_in = folder / "signed-in"
        # All users at once, as Locust starts those of a second together.
        users = max(users, number)
        # It ends by itself, and by this only where the users never come. Locust takes whole seconds.
        length, rate = math.ceil(SIGN_IN_MOST + WARM_UP + seconds + LOCUST_MOST / 2), users
        command = [sys.executable, "-P", str(MAIN), *map(str, (WARM_UP, seconds, SIGN_IN_MOST, self.signed_in))]
        command += ["--locustfile", str(target.scenario)]
        command += ["--host", f"http://127.0.0.1:{port}", "--headless", "--only-summary"]
        command += ["--users", str(users), "--spawn-rate", str(rate), "--run-time", f"{length}s"]
        command += ["--reset-stats", "--exit-code-on-error", "0", "--analysis-json", str(self.json)]
        command += ["--csv", str(folder / "locust"), "--app-memory", f"{target.memory_mb:g}m"]
        command += ["--reports", "off"]  # its folder is the sweep's
        command += ["--processes", str(number)] if number > 1 else []
        if arrivals:
            command += ["--rps", f"{arrivals.rps:g}", "--rps-seed", str(arrivals.seed)]
        elif target.pause:
            command += ["--pause", target.pause]
        self.process = processes.start(command, target.generator_cores, self.log, clean_environ())

    def watch(self, server: Server) -> None:
        """Look at the server until Locust has ended.

        Raises:
            MeasurementError: it does not end, or the server does.
        """
        server.observer.load_begins()
        end = time.monotonic() + SIGN_IN_MOST + self.seconds + LOCUST_MOST
        signed_in = False
        while self.process.poll() is None:
            server.look()
            if not signed_in and self.signed_in.exists():
                signed_in = True
                server.observer.load_begins()  # what the logins took is no cost of the others, either
            if time.monotonic() > end:
                raise MeasurementError(f"Locust did not end {LOCUST_MOST:g} s after it should have", self.log)

    def analysis(self) -> Analysis:
        """Return the analysis that it wrote.

        Raises:
            MeasurementError: it wrote none.
        """
        return read_analysis(self.json, self.log, self.process.returncode)


def read_analysis(path: Path, log: Path, status: int) -> Analysis:
    """Return the analysis in a file.

    Args:
        path: the file.
        log: of the Locust that should have written it.
        status: its exit status.

    Raises:
        MeasurementError: there is none, or one that the sweep does not know.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Analysis)
    except msgspec.ValidationError as error:
        raise MeasurementError(f"Locust wrote another analysis than the sweep reads: {error}", log) from None
    except (OSError, msgspec.DecodeError):
        raise MeasurementError(f"Locust ended with status {status} and wrote no analysis", log) from None
