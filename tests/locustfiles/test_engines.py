"""Load from several processes: do unconnected engines, and the workers of a master, say what one process does?"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.bed.gunicorn import Server
from tests.bed.locust import LOCUSTFILES, locust_ends
from tests.bed.locust import explained as locust
from tests.bed.programs import ended
from tests.deploy.files import load_test, uploaded
from tests.locustfiles.test_agreement import differs, retried

pytestmark = pytest.mark.alone

USERS, SECONDS = 12, 6
SCENARIO = LOCUSTFILES / "io_bound.py"
# 2 %, and for percentiles two steps of the histogram.
MOST = {"p50": 0.0205, "p95": 0.0205}
# Engines have machines of their own on Azure. Here they share a core, and importing Locust keeps it busy for a while.
TOGETHER = """
import time
from pathlib import Path
from {script} import *

Path(f"ready-{{time.monotonic_ns()}}").touch()
while len(list(Path().glob("ready-*"))) < {number}:
    time.sleep(0.02)
"""


def pairs(one: dict[str, Any], several: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """What has to be the same, of one process and of several."""
    times = {name: (several["response_ms"][name], one["response_ms"][name]) for name in ("mean", "p50", "p95")}
    return times | {
        "rps": (several["load"]["rps"], one["load"]["rps"]),
        "users": (several["load"]["users"], one["load"]["users"]),
    }


def within_2_percent(one: dict[str, Any], several: dict[str, Any]) -> str | None:
    problems = [differs(name, *figures, MOST.get(name, 0.02)) for name, figures in pairs(one, several).items()]
    if one["verdict"]["code"] != several["verdict"]["code"]:
        problems.append(f"{several['verdict']} instead of {one['verdict']}")
    return next(filter(None, problems), None)


def unconnected(server: Server, folder: Path) -> list[str]:
    """The logs of Locusts that share the users and start at about the same time, as deploy/azure-load-testing says."""
    test = load_test()
    script, number = uploaded(folder), test["engineInstances"]
    for ready in folder.glob("ready-*"):
        ready.unlink()
    together = folder / "together.py"
    together.write_text(TOGETHER.format(script=script.stem, number=number))
    own = {"LOCUST_HOST": server.url, "LOCUST_USERS": str(USERS // number), "LOCUST_RUN_TIME": str(SECONDS)}
    environ = {entry["name"]: entry["value"] for entry in test["env"]} | own | {"PYTHONPATH": ""}

    def engine(index: int) -> str:
        conf = str(folder / test["properties"]["userPropertyFile"])
        done = locust_ends(together, "--config", conf, "--headless", environ=environ, cwd=folder)
        log = folder / f"engine{index}.log"
        log.write_text(done.stdout + done.stderr)
        return str(log)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(engine, range(number)))


def merged(logs: list[str], folder: Path) -> dict[str, Any]:
    """The analysis of all logs together; -S is without any package, as on a machine that has no Locust."""
    out = folder / "analysis.json"
    merge = [sys.executable, "-S", str(LOCUSTFILES / "explain_merge.py"), *logs, "--analysis-json", str(out)]
    done = ended([*merge, "--check-fail-ratio", "0", "--check-rps", "10"])
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert done.stdout.startswith(f"{len(logs)} engine")
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def three_engines(server: Server, folder: Path) -> dict[str, Any]:
    return merged(unconnected(server, folder), folder)


def four_workers(server: Server, folder: Path) -> dict[str, Any]:
    """A master's analysis; its line says the same, as it has what its workers counted."""
    processes = ["--processes", "4", "--print-tally"]
    run = locust(SCENARIO, server.url, *processes, users=USERS, seconds=SECONDS)
    log = folder / "master.log"
    log.write_text(run.output)
    assert merged([str(log)], folder) == run.analysis
    return run.analysis


def test_three_engines_and_four_workers_say_what_one_process_does(healthy: Server, tmp_path: Path) -> None:
    left = {3: three_engines, 4: four_workers}

    def measure() -> str | None:
        one = locust(SCENARIO, healthy.url, users=USERS, seconds=SECONDS).analysis
        problems = dict[int, str]()
        for processes, run in list(left.items()):
            several = run(healthy, tmp_path)
            assert several["generator"]["processes"] == processes
            if problem := within_2_percent(one, several):
                problems[processes] = problem
            else:
                del left[processes]
        return str(problems) if problems else None

    retried(measure, times=5)
