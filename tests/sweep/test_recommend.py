from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sweep.predict import demand_of
from sweep.recommend import Recommendation, recommend, write
from sweep.results import Results, Run, Setting, create
from sweep.summary import Interval, cells
from tests.bed.compose import Stack
from tests.sweep import samples


def made(folder: Path, runs: list[Run], **options: Any) -> Results:
    results = create(folder, samples.info(**options))
    for run in runs:
        results.append(run)
    return results


def recommended(results: Results) -> Recommendation:
    return recommend(cells(results, demand_of(results)), results.info)


def run(workers: int, threads: int, rps: float, p95: float, memory: float = 50.0, repeat: int = 0) -> Run:
    found = samples.analysis(workers, threads)
    found["load"]["rps"], found["response_ms"]["p95"] = rps, p95
    outside = {"memory_peak_mb": memory, "cpu_utilization": 0.5, "others_utilization": 0.0}
    return Run(workers, threads, repeat, "ok", None, found, outside)


@pytest.mark.parametrize(
    ("runs", "expected", "ties"),
    [
        ([run(1, 6, 100, 200), run(3, 6, 110, 300)], (3, 6), []),
        ([run(1, 6, 100, 200), run(3, 6, 101, 300)], (1, 6), [(3, 6)]),
        ([run(3, 6, 100, 200, 80), run(1, 18, 100, 202, 50)], (1, 18), [(3, 6)]),
        ([run(1, 36, 100, 200, 50.4), run(1, 18, 100, 200, 50.6)], (1, 18), [(1, 36)]),
        ([run(1, 6, 100, 200), run(3, 6, 110, 300, memory=436)], (1, 6), []),
        ([run(1, 6, 100, 200), samples.failed(3, 6, "died")], (1, 6), []),
        ([run(1, 6, 100, 200), run(3, 6, 110, 300), samples.failed(3, 6, "died", repeat=1)], (1, 6), []),
        ([run(1, 6, 100, 200), samples.failed(3, 6, "void: Locust", void=True)], (1, 6), []),
    ],
    ids=[
        "fastest",
        "tie: lowest p95",
        "tie in p95 too: least memory",
        "same memory: fewest slots",
        "beyond the headroom",
        "failed",
        "one repeat failed",
        "void",
    ],
)
def test_the_rule(runs: list[Run], expected: tuple[int, int], ties: list[tuple[int, int]], tmp_path: Path) -> None:
    found = recommended(made(tmp_path / "sweep", runs))
    assert found.setting == expected
    assert list(found.tied_with) == ties


def test_wide_intervals_tie_what_narrow_ones_tell_apart(tmp_path: Path) -> None:
    slower = [run(1, 6, rate, 200, repeat=number) for number, rate in enumerate((94, 99, 104))]
    faster = [run(3, 6, rate, 300, repeat=number) for number, rate in enumerate((103, 104, 105))]
    assert recommended(made(tmp_path / "wide", slower + faster)).setting == (1, 6)
    assert recommended(made(tmp_path / "narrow", [slower[0], *faster])).setting == (3, 6)


def test_no_tie_with_what_is_measurably_better(tmp_path: Path) -> None:
    """One wide interval overlaps with both of two that do not overlap with each other."""
    runs = {(1, 18): (96.5, 97.5, 98.5), (2, 9): (99.9, 100.8, 101.8), (3, 6): (97, 101.5, 104)}
    every = [run(*setting, rate, 200, repeat=n) for setting, rates in runs.items() for n, rate in enumerate(rates)]
    found = recommended(made(tmp_path / "sweep", every))
    assert {found.setting, *found.tied_with} == {(2, 9), (3, 6)}


@pytest.mark.parametrize(
    ("figures", "expected", "reason"),
    [
        (
            {(1, 6): (103, 50), (3, 6): (100, 90), (5, 6): (107, 40)},
            (1, 6),
            "those with the lowest p95, of which",
        ),
        ({(1, 18): (205, 50), (3, 6): (200, 80)}, (1, 18), "it is tied with 3 × 6 in throughput, and needs the least"),
        ({(1, 18): (190, 50), (3, 6): (210, 40)}, (1, 18), "has the lowest p95 of them"),
        ({(1, 36): (200, 50.4), (1, 18): (200, 50.6)}, (1, 18), "needs the fewest slots at the least memory of them"),
    ],
    ids=["p95, then memory", "memory", "p95", "slots"],
)
def test_the_reason_says_what_decided(
    figures: dict[tuple[int, int], tuple[float, float]], expected: tuple[int, int], reason: str, tmp_path: Path
) -> None:
    found = recommended(made(tmp_path / "sweep", [run(*setting, 100, *pair) for setting, pair in figures.items()]))
    assert found.setting == expected
    assert reason in found.reason


def test_a_limit_on_the_p95(tmp_path: Path) -> None:
    runs = [run(1, 6, 100, 200), run(3, 6, 110, 300)]
    assert recommended(made(tmp_path / "kept", runs, max_p95=250.0)).setting == (1, 6)
    missed = recommended(made(tmp_path / "missed", runs, max_p95=100.0))
    assert missed.setting is None
    assert missed.startup_command is None
    assert "The quickest is 1 × 6: its p95 of 200 ms is above 100 ms" in missed.reason


def test_what_is_held_fixed_is_pasted_too(tmp_path: Path) -> None:
    held = {"preload_app": "true", "max_requests": "1000", "bind": "127.0.0.1:9000", "reload": "false"}
    results = made(tmp_path / "sweep", [run(3, 6, 100, 200)], gunicorn=held, app="shop:create_app('$A')")
    results.info.app = results.info.options["app"]
    found = recommended(results)
    assert found.startup_command
    words = shlex.split(found.startup_command)
    assert words == [
        *("gunicorn", "--bind=0.0.0.0", "--timeout", "600", "--workers", "3", "--threads", "6"),
        *("--preload", "--max-requests", "1000", "shop:create_app('$A')"),
    ]
    assert found.env == {
        "GUNICORN_WORKERS": "3",
        "GUNICORN_THREADS": "6",
        "GUNICORN_WSGI_APP": "shop:create_app('$A')",
        "GUNICORN_CMD_ARGS": "--preload --max-requests 1000",
    }
    assert found.app_settings["GUNICORN_PRELOAD_APP"] == "true"
    assert "GUNICORN_BIND" not in found.app_settings
    # A shell hands the command on as it is.
    echoed = subprocess.run(
        ["sh", "-c", found.az_commands[0].replace("az webapp", "printf '%s\\n'", 1)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert echoed.stdout.splitlines()[-1] == found.startup_command


@pytest.mark.container
@pytest.mark.parametrize(
    ("option", "value", "variable"),
    [
        ("app", "shop:create_app('$A # \"b\" \\\\ c')", "GUNICORN_WSGI_APP"),
        ("gunicorn", {"limit_request_line": "8000", "raw_env": "A=$B,C=d e"}, "GUNICORN_CMD_ARGS"),
    ],
    ids=["app", "held fixed"],
)
def test_compose_reads_from_env_what_was_written(option: str, value: Any, variable: str, tmp_path: Path) -> None:
    results = made(tmp_path / "sweep", [run(3, 6, 100, 200)], **{option: value})
    results.info.app = results.info.options["app"] or "app:app"
    found = recommended(results)
    file = tmp_path / "env"
    file.write_text("\n".join(found.env_lines))
    done = Stack("env-lines").compose("config", "--format", "json", env_file=file)
    environment = json.loads(done.stdout)["services"]["app"]["environment"]
    assert environment[variable].replace("$$", "$") == found.env[variable]  # it writes what would be read again


@pytest.mark.parametrize(
    ("setting", "value", "options"),
    [
        ("timeout", "30", "--timeout 30"),
        ("preload_app", "false", "--timeout 600"),
        ("sendfile", "true", "--timeout 600"),
        ("sendfile", "false", "--timeout 600 --no-sendfile"),
        ("raw_env", "A=1, B=2", "--timeout 600 --env A=1 --env B=2"),
        ("accesslog", "None", "--timeout 600"),
    ],
)
def test_the_command_line_means_what_was_held(setting: str, value: str, options: str, tmp_path: Path) -> None:
    found = recommended(made(tmp_path / "sweep", [run(3, 6, 100, 200)], gunicorn={setting: value}))
    words = options.split()
    expected = ["gunicorn", "--bind=0.0.0.0", *words[:2], "--workers", "3", "--threads", "6", *words[2:], "app:app"]
    assert shlex.split(str(found.startup_command)) == expected


def test_an_app_that_was_found_is_named_as_found(tmp_path: Path) -> None:
    results = made(tmp_path / "sweep", [run(3, 6, 100, 200)])
    results.info.app = "run:app"
    found = recommended(results)
    assert str(found.startup_command).endswith("--threads 6 run:app")
    assert "GUNICORN_WSGI_APP" not in found.env


def test_what_was_faster_and_is_not_recommended_is_named(tmp_path: Path) -> None:
    runs = [run(1, 6, 100, 200), run(1, 4, 80, 220), run(3, 6, 110, 300), samples.failed(2, 6, "died")]
    reason = recommended(made(tmp_path / "sweep", runs, max_p95=250.0)).reason
    assert "more than the other one; 3 × 6 serves" in reason
    assert "3 × 6 serves 110, but its p95 of 300 ms is above 250 ms" in reason


def test_the_file_has_the_keys_of_the_design(tmp_path: Path) -> None:
    results = made(tmp_path / "sweep", [run(1, 6, 100, 200), run(3, 6, 101, 300)])
    write(results.folder, recommended(results))
    found = json.loads((results.folder / "recommendation.json").read_text())
    assert found["tied_with"] == [{"workers": 3, "threads": 6}]
    assert found["app_settings"]["PYTHON_GUNICORN_CUSTOM_THREAD_NUM"] == "6"
    assert {"workers", "threads", "startup_command", "app_settings", "reason", "tied_with"} <= found.keys()


def test_many_ties_are_counted(tmp_path: Path) -> None:
    runs = [run(1, threads, 100, 200) for threads in range(6, 16)]
    found = recommended(made(tmp_path / "sweep", runs))
    assert len(found.tied_with) == 9
    assert "and 6 more" in found.reason


@pytest.mark.parametrize(
    ("values", "expected"),
    [([100.0], (99.0, 101.0)), ([90.0, 110.0], (90.0, 110.0)), ([99.9, 100.1], (99.0, 101.0))],
    ids=["one value", "spread", "no narrower than the resolution"],
)
def test_intervals(values: list[float], expected: tuple[float, float]) -> None:
    interval = Interval.of(values, 0.01)
    assert (interval.low, interval.high) == pytest.approx(expected)
    assert interval.overlaps(interval)
    assert not interval.overlaps(Interval(200.0, 199.0, 201.0))


def test_setting_as_it_is_written() -> None:
    assert str(Setting(3, 6)) == "3 × 6"
    assert Setting(3, 6).slots == 18
