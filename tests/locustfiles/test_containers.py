"""The verdicts, in containers through compose: each situation must be told apart from the others."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.bed.compose import Stack
from tests.bed.locust import Run
from tests.locustfiles.conftest import HERE

pytestmark = pytest.mark.container

BARE = (
    "gunicorn --bind=0.0.0.0:8000 --worker-class gthread --workers 3 --threads 6 --worker-connections 1000 "
    "--keep-alive 2 app:app"
)


class Explained:
    """The stack, run with the analysis."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack, self.folder = stack, folder

    def run(self, scenario: str, *args: str, users: int = 36, seconds: int = 5, override: str = "", **env: str) -> Run:
        """Start the app anew and run Locust against it, both in containers."""
        file = self.folder / "override.yml" if override else None
        if file:
            file.write_text(override)
        self.stack.up("app", override=file, environ=env)
        out = self.folder / "out"
        out.mkdir(exist_ok=True)
        out.chmod(0o777)  # Locust's user is another one
        (out / "analysis.json").unlink(missing_ok=True)
        load = ["--headless", "-u", str(users), "-t", f"{seconds}s", "--analysis-json", "/out/analysis.json", *args]
        environ = {"LOCUST_LOCUSTFILE": scenario, "LOCUST_EXIT_CODE_ON_ERROR": "0"} | env
        done = self.stack.locust(*load, volumes=[f"{out}:/out"], override=file, environ=environ, check=False)
        path = out / "analysis.json"
        assert path.exists(), done.stdout + done.stderr
        return Run(done.returncode, done.stdout + done.stderr, json.loads(path.read_text()))


@pytest.fixture
def explained(stack: Stack, tmp_path: Path) -> Explained:
    return Explained(stack, tmp_path)


def slots(workers: int, threads: int) -> dict[str, Any]:
    return {"GUNICORN_WORKERS": str(workers), "GUNICORN_THREADS": str(threads)}


def suggested(analysis: dict[str, Any]) -> tuple[int, int]:
    match = re.search(r"GUNICORN_WORKERS=(\d+) GUNICORN_THREADS=(\d+)", analysis["verdict"]["suggestion"])
    assert match, analysis["verdict"]
    return int(match[1]), int(match[2])


@pytest.mark.alone
def test_one_slot_and_the_setting_it_suggests(explained: Explained) -> None:
    slow = explained.run("io_bound.py", seconds=7, **slots(1, 1))
    assert slow.verdict == "slots"
    assert slow.analysis["wait_ms"]["mean"] >= 0.9 * slow.analysis["response_ms"]["mean"]
    assert slow.analysis["cpu_utilization"] < 0.15
    assert "Verdict: slots. The only slot is busy while the CPU idles" in slow.output
    workers, threads = suggested(slow.analysis)
    assert workers * threads >= 30

    for _ in range(2):  # once more if another process took the CPU
        fast = explained.run("io_bound.py", **slots(workers, threads))
        if fast.verdict == "healthy":
            break
    assert fast.verdict == "healthy", fast.analysis["verdict"]
    assert fast.analysis["response_ms"]["p95"] <= 1.3 * fast.analysis["app_ms"]["mean"]


@pytest.mark.alone
def test_cpu(explained: Explained) -> None:
    run = explained.run("cpu_bound.py", **slots(3, 6))
    assert run.verdict == "cpu", run.analysis["verdict"]
    assert "more" not in run.analysis["verdict"]["text"]


@pytest.mark.alone
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two cores")
def test_gil(explained: Explained) -> None:
    run = explained.run("cpu_bound.py", APP_CPUSET="0-1", **slots(1, 6))
    assert run.analysis["setting"]["vcpu"] == 2
    assert run.verdict == "gil", run.analysis["verdict"]
    assert suggested(run.analysis)[0] == 2


@pytest.mark.alone
def test_imbalance_of_bare_gunicorn(explained: Explained) -> None:
    for _ in range(6):  # how they spread is chance; all users at once mostly reach one worker
        run = explained.run("io_bound.py", users=18, STARTUP_COMMAND=BARE)
        shares = [worker["share"] for worker in run.analysis["workers"]] + [0.0] * (3 - len(run.analysis["workers"]))
        off = max(abs(share * 3 - 1) for share in shares)
        if off > 0.36:
            assert run.verdict == "imbalance", run.analysis["verdict"]
            assert "GUNICORN_WORKER_CONNECTIONS" in run.analysis["verdict"]["suggestion"]
            return
        # Less uneven, it is right to say so if requests wait while slots are free, and right not to if they hardly do.
        queue_ms = run.analysis["queue_ms"]["mean"]
        if off < 0.15 and queue_ms < 8:
            assert run.verdict != "imbalance", run.analysis["verdict"]
    raise AssertionError("the connections spread evenly in all runs")


def test_starved_generator(explained: Explained) -> None:
    # Even Locust's start takes long with this little.
    run = explained.run("io_bound.py", seconds=10, override="services: {locust: {cpus: 0.2}}", **slots(3, 12))
    assert run.verdict == "generator", run.analysis["verdict"]
    assert run.analysis["generator"]["saturated"] is True
    assert run.analysis["generator"]["quota_cpus"] == pytest.approx(0.2)
    assert "FastHttpUser" in run.analysis["verdict"]["suggestion"]


def test_errors(explained: Explained) -> None:
    mount = f"services: {{app: {{volumes: ['{HERE / 'broken.py'}:/srv/app/broken.py:ro']}}}}"
    run = explained.run("io_bound.py", seconds=4, override=mount, GUNICORN_WSGI_APP="broken:app", **slots(3, 6))
    assert run.verdict == "errors", run.analysis["verdict"]
    assert "HTTP 500" in run.analysis["verdict"]["text"]


def test_header_off(explained: Explained) -> None:
    run = explained.run("io_bound.py", seconds=3, SERVER_TIMING="false", **slots(3, 12))
    assert run.verdict == "no-data"
    assert "SERVER_TIMING=true" in run.analysis["verdict"]["suggestion"]
    assert run.code == 0
    assert run.analysis["load"]["requests"] > 100
