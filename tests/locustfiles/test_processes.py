"""Real gunicorn and real Locust processes: do the figures agree with who looks from outside, and with each other?"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bed import free_port
from tests.bed.gunicorn import Server
from tests.bed.locust import explained as locust
from tests.bed.locust import locust_environ, locust_line
from tests.bed.waiting import wait_for
from tests.locustfiles.conftest import HERE, fetch, gunicorn

SCENARIO = HERE / "scenario.py"


@pytest.fixture(scope="module")
def healthy() -> Iterator[Server]:
    """3 × 12 slots."""
    with gunicorn(3, 12) as server:
        yield server


def retried(measure: Callable[[], str | None], times: int = 3) -> None:
    """Repeat a measurement that another process may have disturbed; it returns what was wrong."""
    problem: str | None = ""
    for _ in range(times):
        problem = measure()
        if not problem:
            return
    raise AssertionError(problem)


def differs(name: str, figure: float, expected: float, most: float) -> str | None:
    off = abs(figure - expected) / expected
    print(f"{name}: {figure:.4g} against {expected:.4g}, {off:.1%} off")  # for `pytest -s`
    return f"{name}: {figure:.4g} instead of {expected:.4g}, {off:.1%} off" if off > most else None


def accepted(port: int) -> int:
    """How many connections to a port a process has accepted: those that wait in the kernel have no inode yet.

    One read of the kernel's table. psutil.net_connections() looks at all processes first, and misses the connections
    of the meantime.
    """
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(1 for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "01" and row[9] != "0")


class Observer(threading.Thread):
    """Looks at gunicorn's workers from outside, until it is told to stop: psutil for their CPU and memory."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.samples: list[tuple[float, float, int, float]] = []
        self.stopped = threading.Event()

    def run(self) -> None:
        port = int(self.server.url.rpartition(":")[2])
        while not self.stopped.wait(0.1):
            workers = self.server.workers()
            used = sum(worker.cpu_times().user + worker.cpu_times().system for worker in workers)
            taken = accepted(port)
            memory = sum(worker.memory_info().rss for worker in workers) / 2**20
            self.samples.append((time.monotonic(), used, taken, memory))

    def within(self, first: float, last: float) -> tuple[float, float, float]:
        """CPU seconds a second, mean busy slots, MB."""
        samples = [sample for sample in self.samples if first <= sample[0] <= last]
        cores = (samples[-1][1] - samples[0][1]) / (samples[-1][0] - samples[0][0])
        return cores, sum(sample[2] for sample in samples) / len(samples), samples[-1][3]


@pytest.mark.parametrize(("path", "users"), [("/io?ms=100", 18), ("/mixed?io_ms=80&cpu_ms=5", 9)], ids=["io", "mixed"])
def test_an_outside_observer_agrees(healthy: Server, path: str, users: int) -> None:
    def measure() -> str | None:
        observer = Observer(healthy)
        observer.start()
        run = locust(SCENARIO, healthy.url, users=users, seconds=6, environ={"TEST_PATH": path})
        observer.stopped.set()
        observer.join()
        busy = [sample[0] for sample in observer.samples if sample[2] > 1]
        cores, taken, memory = observer.within(busy[0] + 0.3, busy[-1] - 0.3)
        found = run.analysis
        return (
            differs("busy slots", found["slots_busy"], taken, 0.05)
            or differs("CPU", found["cpu_utilization"] * found["setting"]["vcpu"], cores, 0.05)
            or differs("memory", found["memory_mb"], memory, 0.10)
        )

    retried(measure)


def wrk(url: str, connections: int, seconds: int) -> dict[str, float]:
    done = subprocess.run(
        ["wrk", "--latency", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", url],
        capture_output=True,
        text=True,
        check=True,
    )
    units = {"us": 1e-3, "ms": 1.0, "s": 1e3}

    def time_of(pattern: str) -> float:
        match = re.search(pattern + r"\s+([\d.]+)(us|ms|s)\b", done.stdout)
        assert match, done.stdout
        return float(match[1]) * units[match[2]]

    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert rate
    return {"rps": float(rate[1]), "mean": time_of("Latency"), "p50": time_of("50%"), "p99": time_of("99%")}


@pytest.mark.skipif(not shutil.which("wrk"), reason="needs wrk")
def test_wrk_agrees(healthy: Server) -> None:
    def measure() -> str | None:
        other = wrk(healthy.url + "/io?ms=100", 12, 5)
        found = locust(SCENARIO, healthy.url, users=12, seconds=5).analysis
        times = found["response_ms"]
        return (
            differs("rps", found["load"]["rps"], other["rps"], 0.05)
            or differs("mean", times["mean"], other["mean"], 0.05)
            or differs("p50", times["p50"], other["p50"], 0.05)
            or differs("p99", times["p99"], other["p99"], 0.10)
        )

    retried(measure)


@pytest.mark.parametrize("client", ["FastHttpUser", "HttpUser"])
def test_one_process_and_two_agree(healthy: Server, client: str) -> None:
    def measure() -> str | None:
        env = {"TEST_CLIENT": client, "TEST_WAIT": "0.1"}
        one = locust(SCENARIO, healthy.url, users=12, environ=env).analysis
        two = locust(SCENARIO, healthy.url, "--processes", "2", users=12, environ=env).analysis
        assert one["generator"]["processes"] == 1
        assert two["generator"]["processes"] == 2
        assert one["verdict"]["code"] == two["verdict"]["code"] == "healthy"
        pairs = {
            "rps": (one["load"]["rps"], two["load"]["rps"]),
            "mean": (one["response_ms"]["mean"], two["response_ms"]["mean"]),
            "p95": (one["response_ms"]["p95"], two["response_ms"]["p95"]),
            "busy": (one["slots_busy"], two["slots_busy"]),
            "users bound": (one["bounds"]["users_rps"], two["bounds"]["users_rps"]),
        }
        problems = [differs(name, a, b, 0.03) for name, (a, b) in pairs.items()]
        return next((problem for problem in problems if problem), None)

    retried(measure)


def test_master_and_worker_on_the_command_line(healthy: Server) -> None:
    port = str(free_port())
    worker = subprocess.Popen(
        locust_line(SCENARIO, "--worker", "--master-port", port),
        env=locust_environ(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        bind = ["--master-bind-port", port]
        run = locust(SCENARIO, healthy.url, "--master", "--expect-workers", "1", *bind, users=12, seconds=5)
        assert worker.wait(20) is not None
    finally:
        worker.kill()
        worker.wait()
    assert run.code == 0
    assert run.verdict == "healthy", run.output
    # 12 users, 0.1 s each: nothing that was reported last is missing.
    assert run.analysis["load"]["requests"] == pytest.approx(12 * run.analysis["load"]["seconds"] / 0.105, rel=0.08)


def test_pauses_are_seen(healthy: Server) -> None:
    found = locust(SCENARIO, healthy.url, users=12, environ={"TEST_WAIT": "0.3"}).analysis
    assert found["bounds"]["users_rps"] == pytest.approx(12 / 0.4, rel=0.05)
    assert found["generator"]["offered_rps"] == pytest.approx(found["generator"]["achieved_rps"], rel=0.05)


# --- thresholds and options -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "missed"),
    [
        (["--check-rps", "10", "--check-avg-response-time", "400", "--check-percentile", "95:500"], []),
        (["--check-fail-ratio", "0"], []),
        (["--check-rps", "5000"], ["--check-rps 5000: missed with"]),
        (["--check-avg-response-time", "50"], ["--check-avg-response-time 50 ms: missed with"]),
        (["--check-percentile", "99:90", "--check-rps", "5000"], ["--check-rps 5000", "--check-percentile 99: 90 ms"]),
    ],
    ids=["all met", "no failure", "rps", "mean", "two"],
)
def test_thresholds(healthy: Server, args: list[str], missed: list[str]) -> None:
    run = locust(SCENARIO, healthy.url, *args, users=12, seconds=1)
    assert run.code == (3 if missed else 0), run.output
    assert run.output.count(": missed") == len(missed)
    assert all(line in run.output for line in missed)


def test_fail_ratio_is_missed_and_errors_are_named(healthy: Server) -> None:
    env = {"TEST_PATH": "/nowhere", "TEST_WAIT": "0.05"}  # as fast as it can, Locust itself might be the limit
    run = locust(SCENARIO, healthy.url, "--check-fail-ratio", "0.5", users=4, seconds=1, environ=env)
    assert run.code == 3
    assert "--check-fail-ratio 0.5: missed with 1" in run.output
    assert run.verdict == "errors"
    assert "HTTP 404" in run.analysis["verdict"]["text"]


def test_thresholds_come_from_the_environment_too(healthy: Server) -> None:
    run = locust(SCENARIO, healthy.url, users=12, seconds=1, environ={"LOCUST_CHECK_PERCENTILE": "50:10"})
    assert run.code == 3


@pytest.mark.parametrize(
    ("args", "env", "words"),
    [
        (["--check-rps", "many"], {}, ["--check-rps", "'many'", "expected a number"]),
        (["--check-rps", "-1"], {}, ["--check-rps", "expected"]),
        (["--check-fail-ratio", "5"], {}, ["--check-fail-ratio", "'5'", "from 0 to 1"]),
        (["--check-percentile", "p95"], {}, ["--check-percentile", "'p95'", "95:250"]),
        ([], {"LOCUST_CHECK_AVG_RESPONSE_TIME": "nan"}, ["--check-avg-response-time", "'nan'", "expected"]),
        ([], {"APP_MEMORY": "lots"}, ["--app-memory", "'lots'", "512m"]),
        (["--analysis-json", "/nowhere/a.json"], {}, ["--analysis-json /nowhere/a.json", "expected a file"]),
    ],
)
def test_a_bad_value_is_one_clear_line(args: list[str], env: dict[str, str], words: list[str]) -> None:
    done = subprocess.run(
        locust_line(SCENARIO, "--headless", "-t", "1s", "--host", "http://127.0.0.1:9", *args),
        env=locust_environ(env),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    line = next(line for line in done.stderr.splitlines() if words[0] in line and "expected" in line)
    assert all(word in line for word in words), line


# --- runs that do not go as planned ---------------------------------------------------------------


@pytest.mark.parametrize("processes", [(), ("--processes", "2")], ids=["one process", "two processes"])
def test_a_queue_behind_slots_whose_requests_compute_is_no_network(processes: tuple[str, ...]) -> None:
    """Much of a slot's time passes outside the app, so they never look quite full, and everybody waits the same."""
    with gunicorn(1, 6) as server:
        run = locust("mixed.py", server.url, *processes, users=12, seconds=5)
        assert run.verdict == "slots", run.analysis["verdict"]


def test_header_off() -> None:
    with gunicorn(1, 6, SERVER_TIMING="false") as server:
        run = locust(SCENARIO, server.url, users=4, seconds=1)
    assert (run.verdict, run.code) == ("no-data", 0)
    assert "SERVER_TIMING=true" in run.analysis["verdict"]["suggestion"]


def test_nobody_answers() -> None:
    run = locust(SCENARIO, "http://127.0.0.1:9", users=2, seconds=1)
    assert run.verdict == "no-data"
    assert "failed (100 %" in run.analysis["verdict"]["text"]
    assert "Traceback" not in run.output


def test_a_run_shorter_than_its_ramp(healthy: Server) -> None:
    run = locust(SCENARIO, healthy.url, "-r", "1", "--check-rps", "1", users=30, seconds=1)
    assert run.verdict == "no-data"
    assert "ramp" in run.analysis["verdict"]["suggestion"]
    assert run.code == 3


def test_the_ramp_is_left_out(healthy: Server) -> None:
    run = locust(SCENARIO, healthy.url, "-r", "6", users=12, seconds=5)
    assert run.analysis["load"]["seconds"] < 4.3
    assert run.analysis["load"]["rps"] == pytest.approx(12 / 0.105, rel=0.08)


def test_an_interrupted_run_has_its_analysis(healthy: Server, tmp_path: Any) -> None:
    out = tmp_path / "a.json"
    args = ["--headless", "-u", "6", "-r", "100", "--host", healthy.url, "--analysis-json", str(out)]
    process = subprocess.Popen(
        locust_line(SCENARIO, *args),
        env=locust_environ(),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        time.sleep(4)
        process.send_signal(signal.SIGINT)
        _, output = process.communicate(timeout=20)
    finally:
        process.kill()  # does nothing where it has ended
    assert process.returncode == 0
    assert "Verdict: healthy" in output
    assert out.exists()


def test_a_folder_of_scenarios(healthy: Server) -> None:
    """Locust runs every file of a folder, the plugin's own, too, after a scenario has imported it."""
    folder = HERE.parents[1] / "locustfiles"
    run = locust(folder, healthy.url, "IoBound", users=6, seconds=2)
    assert run.verdict == "healthy", run.output
    assert run.output.count("Verdict:") == 1


# --- the web UI, by its JSON -----------------------------------------------------------------------


class Ui:
    """A Locust with its web UI."""

    def __init__(self, host: str, *args: str, base: str = "", **env: str) -> None:
        port = str(free_port())
        self.url = f"http://127.0.0.1:{port}{base}"
        self.process = subprocess.Popen(
            locust_line(SCENARIO, "--web-port", port, "--web-host", "127.0.0.1", "--host", host, *args),
            env=locust_environ(env),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Ui:
        wait_for(self.data)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        finally:
            self.process.kill()  # does nothing where it has ended

    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = fetch(self.url + "/explain/data")
        return found

    def requests(self) -> int:
        number: int = self.data()["load"]["requests"]
        return number

    def swarm(self, users: int) -> None:
        assert fetch(self.url + "/swarm", f"user_count={users}&spawn_rate=100".encode())["success"]

    def stop(self) -> None:
        assert fetch(self.url + "/stop", b"")["success"]

    def rows(self) -> dict[str, str]:
        tables = fetch(self.url + "/stats/requests")["extended_stats"]
        return {row["what"]: row["figure"] for table in tables if table["key"] == "why" for row in table["data"]}


@pytest.mark.parametrize("processes", [(), ("--processes", "2")], ids=["one process", "two"])
def test_stop_second_test_and_reset(healthy: Server, processes: tuple[str, ...]) -> None:
    with Ui(healthy.url, *processes, TEST_REPORT_SECONDS="0.5") as ui:
        if processes:
            wait_for(lambda: fetch(ui.url + "/worker-count")["worker_count"] == 2)
        assert ui.data()["verdict"]["code"] == "no-data"
        ui.swarm(6)
        wait_for(lambda: ui.data()["verdict"]["code"] == "healthy")
        wait_for(lambda: len(ui.data()["timeline"]["at"]) >= 3)
        ui.stop()
        time.sleep(1 if processes else 0.5)  # the workers' last reports
        first = ui.data()
        assert first["verdict"]["code"] == "healthy"
        assert first["load"]["users"] == 6
        time.sleep(1)
        assert ui.data()["load"] == first["load"]  # stopped in the middle, and nothing moves any more

        ui.swarm(12)  # a second test starts from nothing
        wait_for(lambda: ui.data()["load"]["users"] == 12 and ui.requests() > 200)
        assert ui.data()["load"]["rps"] == pytest.approx(12 / 0.105, rel=0.15)

        before = ui.requests()
        with pytest.raises(ValueError, match="Expecting value"):
            fetch(ui.url + "/stats/reset", b"")  # answers "ok", which is no JSON
        assert ui.requests() < before / 2
        wait_for(lambda: ui.requests() > 200)
        assert ui.data()["verdict"]["code"] == "healthy"


def test_another_number_of_users_is_another_window(healthy: Server) -> None:
    with Ui(healthy.url) as ui:
        ui.swarm(4)
        wait_for(lambda: ui.requests() > 50)
        ui.swarm(8)
        wait_for(lambda: ui.data()["load"]["users"] == 8 and ui.requests() > 100)
        assert ui.data()["load"]["rps"] == pytest.approx(8 / 0.105, rel=0.15)


def test_below_a_base_path(healthy: Server) -> None:
    with Ui(healthy.url, "--web-base-path", "/load", base="/load") as ui:
        ui.swarm(4)
        wait_for(lambda: ui.requests() > 50)
        rows = wait_for(ui.rows)
        assert list(rows)[:2] == ["Verdict: healthy", "What to set"]
        assert "36 slots" in rows["Setting"]
        assert any(name.startswith("Worker ") for name in rows)
