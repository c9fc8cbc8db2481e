"""One verdict of several engines' logs: the same as of one engine that had counted all; else one clear line."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

import explain_merge
import explain_thresholds
from explain_analysis import analyse
from explain_engine import Engine
from explain_record import Record
from explain_server_timing import Timing
from explain_tally import tally_of
from tests.locustfiles.engines import engine
from tests.locustfiles.instances import IO, own, records_of
from tests.locustfiles.samples import FINE, USUAL, run
from tests.locustfiles.simulated import App

WHOLE = list(run(wait_ms=40, spread=0.3, think_ms=3))
# The seconds by which each engine's window begins later than the first one's.
LATER = (0, 2, 1)


def engines(starts: tuple[int, ...] = (0, 0, 0)) -> list[Engine]:
    """Three that counted the same requests between them, each from when its own window began."""
    parts = []
    for number, later in enumerate(starts):
        own = [record._replace(at=record.at - later) for record in WHOLE[number::3] if record.at >= later]
        parts.append(engine(own, "abc"[number], begun=1_000_000.0 + later, seconds=10.0 - later, start_s=1.0 + later))
    return parts


def test_the_whole_is_that_of_one_engine() -> None:
    """Exactly: percentiles come from all requests, and stretches of the run lie where they were."""
    found, totals, seconds = explain_merge.merged(engines(LATER))
    counted = [record for number, later in enumerate(LATER) for record in WHOLE[number::3] if record.at >= later]
    expected = analyse(tally_of(counted), 36, 9.0, FINE * 3, 512.0, start_s=1.0)
    assert asdict(found) == asdict(expected)
    assert (totals.requests, seconds) == (len(counted), 10.0)
    assert found.response_ms.p99 != pytest.approx(found.response_ms.p50, rel=0.2)  # else a mean would do


def test_requests_besides_the_windows_count_for_the_thresholds() -> None:
    others = [3, {"buckets": [[1000, 7]], "total": 70.0}]
    _, totals, _ = explain_merge.merged([replace(one, others=others) for one in engines()])
    assert (totals.failures, totals.requests) == (9, len(WHOLE) + 21)


def test_first_requests_are_those_of_the_test_and_not_of_each_engine() -> None:
    """An engine that came late found another app than the first one."""
    early, late = ([[0.1 * n, app_ms + 1.0, app_ms, ""] for n in range(12)] for app_ms in (100.0, 50.0))
    parts = [
        engine(run(seconds=9), "a", first=early, begun=1_000_000.0),
        engine(run(seconds=9), "b", first=late, begun=1_000_003.0),
    ]
    found, _, _ = explain_merge.merged(parts)
    assert found.routes[0].app_start_ms == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize(("off", "mixed_up"), [(1.5, False), (60.0, True)])
def test_machines_whose_clocks_differ(off: float, mixed_up: bool) -> None:
    """The same workers are seen by both; a clock that is a little off makes no other worker of them."""

    def seen(by: float) -> list[Record]:
        at = [0.1 * n for n in range(90)]
        return [Record(t, 101.0, Timing(100.0, 1.0, 100, USUAL, t, 40.0, 1.0, 500.0 + t - by), name="x") for t in at]

    parts = [engine(seen(0.0), "a"), engine(seen(0.0), "b", begun=1_000_000.0 + min(off, 4.0))]
    if mixed_up:
        parts[1] = engine(seen(off), "b")
    found, _, _ = explain_merge.merged(parts)
    assert ("a worker's clock that jumps" in found.verdict.text) == mixed_up


def test_an_instance_that_two_engines_saw_is_one() -> None:
    """Each engine's users went to all three instances, whose workers have the same pids."""
    whole = records_of(App(IO, 2, 3, origins=own(3)), 24)
    parts = [engine(whole[number::2], "ab"[number], seconds=20.0, total_seconds=20.0) for number in (0, 1)]
    found, _, _ = explain_merge.merged(parts)
    expected = analyse(tally_of(whole), 24, 20.0, FINE * 2, 512.0, start_s=1.0)
    assert asdict(found) == asdict(expected)
    assert (found.setting.instances, found.setting.slots, len(found.workers)) == (3, 18, 6)


def test_instances_that_each_have_an_engine_of_their_own_add_up() -> None:
    parts = [
        engine(records_of(App(IO, 2, 3, origins=[origin]), 12), "ab"[number], seconds=20.0)
        for number, origin in enumerate(own(2))
    ]
    found, _, _ = explain_merge.merged([replace(part, begun=part.begun + at) for at, part in enumerate(parts)])
    assert (found.setting.instances, found.setting.slots) == (2, 12)
    assert found.verdict.code == "slots"


# --- the command ------------------------------------------------------------------------------------


def logs(folder: Path, *parts: Engine) -> list[str]:
    paths = []
    for number, part in enumerate(parts):
        path = folder / f"engine{number}.log"
        path.write_text(f"All users spawned\n{part.line()}\nShutting down (exit code 0)\n", encoding="utf-8")
        paths.append(str(path))
    return paths


def test_it_prints_one_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "analysis.json"
    assert explain_merge.main([*logs(tmp_path, *engines()), "--analysis-json", str(out)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("3 engines\n")
    analysis: dict[str, Any] = json.loads(out.read_text())
    assert f"Verdict: {analysis['verdict']['code']}" in printed
    assert analysis["load"]["users"] == 36


def test_one_log_may_have_all_engines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "all.log"
    log.write_text("".join(f"{part.line()}\n" for part in engines()))
    assert explain_merge.main([str(log)]) == 0
    assert capsys.readouterr().out.startswith("3 engines\n")


def test_thresholds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = logs(tmp_path, *engines())
    assert explain_merge.main([*paths, "--check-rps", "100", "--check-fail-ratio", "0.01"]) == 0
    assert capsys.readouterr().err == ""
    assert explain_merge.main([*paths, "--check-rps", "1000", "--check-percentile", "95:1"]) == 3
    missed = capsys.readouterr().err.splitlines()
    assert [line.partition(" ")[0] for line in missed] == ["--check-rps", "--check-percentile"]


def test_a_late_start_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    late = engine(run(seconds=10), "b", begun=1_000_003.0)
    explain_merge.main(logs(tmp_path, engine(run(seconds=10)), late))
    assert capsys.readouterr().out.startswith("2 engines, all of them for 7 s of 10 s only, so the load changed")


A = engine(run(seconds=10))
BAD = {
    "the same engine twice": ([A, A], "engine1.log: engine a is in {0}/engine0.log too: expected each engine once"),
    "two hosts": (
        [A, replace(A, engine="b", host="http://b")],
        "engine1.log: host=http://b: expected https://app.example, as in {0}/engine0.log",
    ),
    "two versions": (
        [A, replace(A, engine="b", locust="2.40.0")],
        "engine1.log: locust=2.40.0: expected 2.47.0, as in {0}/engine0.log",
    ),
    "another schema": (
        [A, replace(A, engine="b", schema=99)],
        "engine1.log: line 2: schema=99: expected 2, that of the files beside this one",
    ),
    "another test": (
        [A, replace(A, engine="b", begun=1_000_100.0)],
        "engine1.log: engine b ran at another time: expected that of {0}/engine0.log",
    ),
    "no window": (
        [A, replace(A, engine="b", users=0, seconds=0.0)],
        "engine1.log: engine b: expected a run that goes on when all its users are there",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_engines_that_do_not_belong_together(case: str, tmp_path: Path) -> None:
    parts, line = BAD[case]
    with pytest.raises(SystemExit) as ended:
        explain_merge.main(logs(tmp_path, *parts))
    assert ended.value.code == f"{tmp_path}/{line.format(tmp_path)}"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "no engine's line in it: expected the log of a Locust with --print-tally, to its end"),
        (b"\x00\xff\xfe" * 1000, "no engine's line in it: expected the log of a Locust with --print-tally, to its end"),
        (A.line()[:500].encode(), "line 1: cut off or changed: expected the whole line that --print-tally prints"),
        (None, "No such file or directory: expected the log of a Locust with --print-tally"),
    ],
    ids=["empty", "no text", "cut", "missing"],
)
def test_a_log_that_cannot_be_used(content: bytes | None, line: str, tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    if content is not None:
        log.write_bytes(content)
    with pytest.raises(SystemExit) as ended:
        explain_merge.main([*logs(tmp_path, A), str(log)])
    assert ended.value.code == f"{log}: {line}"


def test_a_folder_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="Is a directory: expected the log of a Locust with --print-tally"):
        explain_merge.main([str(tmp_path)])


def test_against_an_earlier_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (log := tmp_path / "a.log").write_text(engine(run(rate=170)).line() + "\n")
    against = ["--check-against", str(tmp_path)]
    earlier = {"same": engine(run(rate=170)), "quicker": engine(run(rate=340, app_ms=50))}
    for name, status in (("same", 0), ("quicker", explain_thresholds.EXIT_CODE)):
        found, _, _ = explain_merge.merged([earlier[name]])
        (tmp_path / "analysis.json").write_text(json.dumps(asdict(found)))
        assert explain_merge.main([str(log), *against]) == status
        out, err = capsys.readouterr()
        assert out.count(": met with") + err.count(": missed with") == 2
    (tmp_path / "analysis.json").write_text("[]")
    with pytest.raises(SystemExit, match=r"--check-against .*expected 2"):
        explain_merge.main([str(log), *against])
